//! The time that it takes to turn a body into events: `cargo bench -p socialhook-core --bench normalise`. With the service's
//! allocator.

mod cases;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    divan::main();
}
