//! The nginx that the browser tests put in front of the server: one that is already
//! here, else the system's package. Without it those tests are left out.

use std::path::PathBuf;

use anyhow::Result;

use crate::{debian, programs};

pub const MISSING: &str = "There is no nginx: the tests of pages behind it were left out. \
                           Install nginx and try again.";

/// The program to start, or nothing where there is none.
pub fn ensure() -> Result<Option<PathBuf>> {
    debian::obtain("nginx-light", MISSING, || {
        programs::find_for_administrators("nginx")
    })
}
