//! The contract in `proto/` as Rust: messages, clients, servers, and the descriptors for reflection.

mod generated {
    #![allow(clippy::all, clippy::pedantic, reason = "generated code")]
    tonic::include_proto!("mod");
}

pub mod strict;
pub mod write;

pub use generated::hjalpmedel::{billing, catalogue, common, event, free_card, prescription};

/// The encoded `FileDescriptorSet` of every file in `proto/`.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptor.bin"));
