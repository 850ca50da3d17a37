//! hjm
