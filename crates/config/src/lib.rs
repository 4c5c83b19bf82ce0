//! An experiment file into a checked [`Plan`].
//!
//! What a user typed is raw: all keys optional, in TOML. [`load`] reads it with its overrides, refuses what is unknown,
//! of the wrong type, out of range or contradictory, all errors at once, and gives the [`Plan`], of which later stages
//! trust every value. [`resolve`] tells in addition where each value came from, [`lock`] freezes the outcome into a
//! file that gives the same plan again, and [`schema`] describes the format for editors.
//!
//! Invariants: only this crate makes a [`Plan`]; every knob is declared once, in `read.rs`, with its kind, bounds and
//! default, and documented once, in `plan.rs`; every error has a code with a page.
//!
//! # Example
//! ```
//! use tenure_config::{Overrides, parse};
//!
//! let text = "[data]\nsource = \"synthetic\"\n[model]\npreset = \"fast\"\n";
//! let overrides = Overrides { set: vec!["train.epochs=3".into()] };
//! let plan = parse(text, "first.toml", &overrides)?;
//! assert_eq!((plan.train.epochs, plan.model.members), (3, 4));
//!
//! let errors = parse("[data]\nsorce = \"synthetic\"\n", "first.toml", &Overrides::default()).unwrap_err();
//! assert!(errors.render().contains("did you mean `source`?"));
//! # Ok::<(), tenure_config::ConfigErrors>(())
//! ```

mod catalogue;
mod check;
mod code;
mod defaults;
mod error;
pub mod init;
mod kind;
mod load;
mod lock;
mod nearest;
mod origin;
mod plan;
mod presets;
mod read;
mod reader;
mod schema;
mod source;
mod sweep;
mod syntax;
mod tree;

pub use catalogue::describe;
pub use code::{Code, explain};
pub use defaults::defaults;
pub use error::{ConfigError, ConfigErrors};
pub use load::{Overrides, Resolved, load, parse, resolve, resolve_text};
pub use lock::lock;
pub use origin::{Origin, Origins, Setting};
pub use plan::*;
pub use schema::schema;
pub use sweep::{Point, Sweep};
