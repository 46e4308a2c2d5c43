//! Writes the checked-in schema and types anew: `cargo run -p socialhook-core --example schema`.

use std::path::Path;

use socialhook_core::schema;

fn main() -> std::io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema");
    std::fs::write(folder.join("event.v1.json"), schema::json_schema_text())?;
    std::fs::write(folder.join("event.v1.d.ts"), schema::typescript_text())
}
