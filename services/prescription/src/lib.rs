//! prescription-service
