//! Compiles the contract in `proto/` with protox, so that no protoc is needed.

#![expect(
    clippy::disallowed_methods,
    reason = "a build script is told by its environment"
)]

use std::{env, error::Error, fs, path::PathBuf};

use prost::Message as _;

const PROTOS: [&str; 27] = [
    "hjalpmedel/common/v1/types.proto",
    "hjalpmedel/event/v1/envelope.proto",
    "hjalpmedel/catalogue/v1/article.proto",
    "hjalpmedel/catalogue/v1/classification.proto",
    "hjalpmedel/catalogue/v1/decision.proto",
    "hjalpmedel/catalogue/v1/events.proto",
    "hjalpmedel/catalogue/v1/fee.proto",
    "hjalpmedel/catalogue/v1/payer.proto",
    "hjalpmedel/catalogue/v1/policy.proto",
    "hjalpmedel/catalogue/v1/prescribing.proto",
    "hjalpmedel/catalogue/v1/price.proto",
    "hjalpmedel/catalogue/v1/rent.proto",
    "hjalpmedel/catalogue/v1/resources.proto",
    "hjalpmedel/prescription/v1/prescription.proto",
    "hjalpmedel/prescription/v1/resources.proto",
    "hjalpmedel/prescription/v1/events.proto",
    "hjalpmedel/billing/v1/billing.proto",
    "hjalpmedel/billing/v1/resources.proto",
    "hjalpmedel/billing/v1/events.proto",
    "hjalpmedel/free_card/v1/free_card.proto",
    "hjalpmedel/free_card/v1/resources.proto",
    "hjalpmedel/free_card/v1/events.proto",
    "hjalpmedel/free_card/v1/audit.proto",
    "hjalpmedel/free_card/v1/card.proto",
    "hjalpmedel/free_card/v1/claim.proto",
    "hjalpmedel/free_card/v1/scheme.proto",
    "hjalpmedel/free_card/v1/subject.proto",
];

fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("../../../proto");
    println!("cargo:rerun-if-changed={}", root.display());
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let files = protox::compile(PROTOS, [&root])?;
    fs::write(out.join("descriptor.bin"), files.encode_to_vec())?;
    let mut messages = tonic_prost_build::Config::new();
    messages.enable_type_names();
    tonic_prost_build::configure()
        .codec_path("crate::strict::StrictCodec")
        .include_file("mod.rs")
        .compile_fds_with_config(files, messages)?;
    Ok(())
}
