//! `cargo xtask wasm`: the crates below the edges must compile for the browser. Checks only, installs and
//! links nothing, and keeps its artefacts in `target/wasm`.

use std::path::Path;
use std::process::Command;

use crate::commands;
use crate::error::ChoreError;

const TARGET: &str = "wasm32-unknown-unknown";

const CRATES: [&str; 9] = [
    "ruvector-simd",
    "ruvector-types",
    "ruvector-quant",
    "ruvector-graph",
    "ruvector-sparse",
    "ruvector-payload",
    "ruvector-io",
    "ruvector-storage",
    "ruvector-core",
];

const ADVICE: &str = "\
With rustup:   rustup target add wasm32-unknown-unknown
On Debian:     apt-get install rustc-web cargo-web rust-web-src lld-19
Elsewhere:     set RUVECTOR_WASM_CARGO and RUVECTOR_WASM_RUSTC to a toolchain that has the sources of std";

/// Runs `cargo check` for wasm32 on every crate from the pure ones to the engine.
///
/// The toolchain: the one named by `RUVECTOR_WASM_CARGO` and `RUVECTOR_WASM_RUSTC`; else the usual one if it
/// has the target; else `/usr/bin/cargo` and `/usr/bin/rustc`, which build std from its sources.
///
/// # Errors
/// When there is no such toolchain, or a crate does not compile.
pub(crate) fn run(root: &Path) -> Result<(), ChoreError> {
    let named = std::env::var_os("RUVECTOR_WASM_CARGO").is_some();
    let is_usual = !named && usual_rustc_has_target(root);
    let mut command = if is_usual {
        commands::cargo(root)
    } else {
        std_from_source(root)?
    };
    command.args(["check", "--target", TARGET]);
    if !is_usual {
        command.args(["-Z", "build-std=std,panic_abort"]);
    }
    command.env("CARGO_TARGET_DIR", root.join("target/wasm"));
    command.env(
        "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS",
        "-C target-feature=+simd128",
    );
    CRATES.iter().for_each(|name| {
        command.args(["--package", name]);
    });
    println!("wasm: checking {} crates for {TARGET}", CRATES.len());
    commands::pass(&mut command)
}

fn usual_rustc_has_target(root: &Path) -> bool {
    let mut rustc = Command::new("rustc");
    rustc
        .current_dir(root)
        .args(["--print", "target-libdir", "--target", TARGET]);
    let folder = commands::output(&mut rustc).map(|out| String::from_utf8_lossy(&out).trim().to_owned());
    folder.is_ok_and(|folder| Path::new(&folder).is_dir())
}

fn std_from_source(root: &Path) -> Result<Command, ChoreError> {
    let tool = |variable, usual: &str| std::env::var(variable).unwrap_or_else(|_| usual.to_owned());
    let cargo = tool("RUVECTOR_WASM_CARGO", "/usr/bin/cargo");
    let rustc = tool("RUVECTOR_WASM_RUSTC", "/usr/bin/rustc");
    if ![&cargo, &rustc]
        .iter()
        .all(|path| commands::works(Command::new(path).arg("--version")))
    {
        return Err(ChoreError::NoWasmToolchain {
            cargo,
            rustc,
            advice: ADVICE,
        });
    }
    let mut command = Command::new(&cargo);
    command
        .current_dir(root)
        .env("RUSTC", &rustc)
        .env("RUSTC_BOOTSTRAP", "1");
    command
        .env_remove("RUSTUP_TOOLCHAIN")
        .env_remove("CARGO")
        .env_remove("RUSTDOC");
    command.env(
        "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER",
        "/usr/lib/llvm-19/bin/wasm-ld",
    );
    Ok(command)
}
