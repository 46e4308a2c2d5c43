//! The inspector: an endpoint of ours that every tenant has, and a page that shows what it received, as it comes in.
//!
//! It receives through the same sender, signature and log as any endpoint, so what it shows is what a server would get.
//! [`receive`] is the endpoint, [`page`] and [`live`] show, [`simulation`] makes something to look at.

pub mod live;
pub mod page;
pub mod receive;
pub mod simulation;
