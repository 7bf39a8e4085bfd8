//! Makes Rust types of proto/*.proto, where the feature `proto` asks for them. Never needs a `protoc`.

#[cfg(feature = "proto")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed=proto");
    let out = std::path::PathBuf::from(std::env::var("OUT_DIR")?);
    let descriptors = protox::compile(["proto/qdrant.proto"], ["proto"])?;
    tonic_prost_build::configure()
        .build_server(false)
        .build_transport(false)
        .btree_map(".")
        .file_descriptor_set_path(out.join("qdrant.bin"))
        .compile_fds(descriptors)?;
    Ok(())
}

#[cfg(not(feature = "proto"))]
fn main() {}
