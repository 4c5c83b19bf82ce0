//! The vocabulary of Tenure: roles, time, and columns in plain memory.
//!
//! A [`Table`] is what the data crate hands to the encoders and what an edge deployment imitates row by row: named
//! columns of equal length, each with a [`Role`]. It knows no file formats and no models, and needs nothing beyond
//! `alloc`.
//!
//! # Example
//! ```
//! use tenure_table::{Column, Role, Table, Values};
//!
//! let table = Table::new(vec![
//!     Column::new("spend", Role::Numeric, Values::Numeric(vec![12.0, f32::NAN])),
//!     Column::new("plan", Role::Category, Values::categories(["gold", "basic"].map(Some))),
//! ])
//! .unwrap();
//! assert_eq!(table.n_rows(), 2);
//! assert_eq!(table.features().count(), 2);
//! ```
#![no_std]
extern crate alloc;

mod column;
mod role;
mod sequences;
mod table;
mod text;
mod time;

pub use column::{Categories, Column, MISSING_CODE, Values};
pub use role::{ParseRoleError, Role};
pub use sequences::Sequences;
pub use table::{Table, TableError};
pub use text::TextColumn;
pub use time::{Span, Timestamp};
