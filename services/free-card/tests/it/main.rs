//! The free-card service over a real socket and a real database, with a real catalogue beside it.

#![cfg(test)]

mod accounts;
mod asks;
mod breadth;
mod cards;
mod cases;
mod claims;
mod composites;
mod coordinated;
mod counted;
mod ended;
mod feed;
mod hostile;
mod invariants;
mod links;
mod moments;
mod numbers;
mod outside;
mod pools;
mod privacy;
mod receipts;
mod refusals;
mod repeated;
mod rush;
mod sharing;
mod simulated;
mod skips;
mod story;
mod support;
mod tenancy;
mod vectors;
