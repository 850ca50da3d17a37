//! Rules of the repository that no compiler checks.
//!
//! Each rule is a pure function from facts to complaints, so that each is also shown something
//! that breaks it.

mod arrows;
mod migrations;
mod plans;
mod shape;
mod text;
mod tree;

use std::path::{Path, PathBuf};

/// The workspace's root.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_path_buf()
}

/// Fails with every complaint on a line of its own.
#[track_caller]
fn assert_none(complaints: &[String]) {
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}
