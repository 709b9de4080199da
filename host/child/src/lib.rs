//! Work in a child process of the same binary, under limits that the operating system keeps.
//!
//! Some libraries cannot be bounded from inside: a workbook of a few kilobytes may ask for gigabytes, a module may take a compiler
//! minutes. Such work runs in a child that reads one file from its standard input and streams its answer to standard output. It has no
//! environment, no other files and no privileges of its own, and is ended when it passes a limit; the server goes on.
//!
//! The parent calls [`start`] and reads from the [`Child`]; the child calls [`confine`] before it touches its input.

mod held;
mod limits;
mod parent;

pub use held::held;
pub use limits::{Limits, confine, stand_back};
pub use parent::{Child, End, start};
