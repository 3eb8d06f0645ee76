//! The dandelion command line.

#[cfg_attr(not(test), expect(dead_code, reason = "the `demo` command, which loads and runs it, is not wired yet"))]
mod demo;

fn main() {}
