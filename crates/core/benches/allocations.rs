//! What is allocated on the way: `cargo bench -p socialhook-core --bench allocations`. Counting takes time, so the times that it
//! prints are too long.

mod cases;

use divan::AllocProfiler;

#[global_allocator]
static ALLOCATOR: AllocProfiler<mimalloc::MiMalloc> = AllocProfiler::new(mimalloc::MiMalloc);

fn main() {
    divan::main();
}
