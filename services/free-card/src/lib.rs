//! free-card-service
