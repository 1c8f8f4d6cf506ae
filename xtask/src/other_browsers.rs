//! The browsers in which the help article is walked through besides Chromium: Firefox,
//! and WebKitGTK on a display in memory. They are what the system has or can be given,
//! and the tests in one that it lacks are left out, which is said.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

use crate::processes::Interrupted;
use crate::{debian, programs};

const MACOS_FIREFOX: &str = "/Applications/Firefox.app/Contents/MacOS/firefox";

/// The programs by the variable in which the tests look for each. Without any, none of
/// the tests in these browsers runs.
#[derive(Default)]
pub struct OtherBrowsers {
    found: Vec<(&'static str, PathBuf)>,
    /// A sentence for each browser that is not here.
    pub missing: Vec<String>,
}

/// What a browser takes to be driven.
struct Browser {
    name: &'static str,
    programs: &'static [Program],
}

struct Program {
    variable: &'static str,
    names: &'static [&'static str],
    /// Debian's.
    package: &'static str,
}

const BROWSERS: [Browser; 2] = [
    Browser {
        name: "Firefox",
        programs: &[Program {
            variable: "ROUNDROBIN_FIREFOX",
            names: &["firefox-esr", "firefox", MACOS_FIREFOX],
            package: "firefox-esr",
        }],
    },
    Browser {
        name: "WebKitGTK",
        programs: &[
            Program {
                variable: "ROUNDROBIN_WEBKIT_DRIVER",
                names: &["WebKitWebDriver"],
                package: "webkit2gtk-driver",
            },
            Program {
                variable: "ROUNDROBIN_XVFB",
                names: &["Xvfb"],
                package: "xvfb",
            },
        ],
    },
];

impl OtherBrowsers {
    /// Installs what is missing where that can be done.
    pub fn obtain() -> Result<Self> {
        let mut browsers = Self::default();
        for browser in &BROWSERS {
            match browser.programs.iter().map(obtain).collect() {
                Ok::<Vec<_>, _>(found) => browsers.found.extend(found),
                Err(error) if error.is::<Interrupted>() => return Err(error),
                Err(error) => browsers.missing.push(browser.left_out(&error.to_string())),
            }
        }
        match browsers.missing.first() {
            Some(missing) if programs::is_ci() => bail!("{missing} In CI this is a failure."),
            _ => Ok(browsers),
        }
    }

    /// Tells the tests where the programs are.
    pub fn name_to(&self, command: &mut Command) {
        for program in BROWSERS.iter().flat_map(|browser| browser.programs) {
            command.env_remove(program.variable);
        }
        command.envs(self.found.iter().map(|(variable, path)| (*variable, path)));
    }
}

impl Browser {
    fn left_out(&self, why: &str) -> String {
        let packages: Vec<_> = self.programs.iter().map(|needed| needed.package).collect();
        let variables: Vec<_> = self.programs.iter().map(|needed| needed.variable).collect();
        format!(
            "The tests in {} are LEFT OUT: {why}. Install it (Debian: apt-get install {}), or name what it takes in {}.",
            self.name,
            packages.join(" "),
            variables.join(" and ")
        )
    }
}

fn obtain(program: &Program) -> Result<(&'static str, PathBuf)> {
    let Program {
        variable,
        names,
        package,
    } = *program;
    if let Some(given) = env::var_os(variable) {
        return match PathBuf::from(given) {
            given if given.is_file() => Ok((variable, given)),
            given => bail!("{variable} names {}, which is no file", given.display()),
        };
    }
    if find(names).is_none() && debian::can_install() {
        debian::install(package)?;
    }
    match find(names) {
        Some(found) => Ok((variable, found)),
        None => bail!("there is no {}", names[0]),
    }
}

fn find(names: &[&str]) -> Option<PathBuf> {
    names.iter().find_map(|name| match Path::new(name) {
        path if path.is_absolute() => path.is_file().then(|| path.to_path_buf()),
        _ => programs::find(name),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_named_with_the_way_to_have_it() {
        assert_eq!(
            BROWSERS[1].left_out("there is no WebKitWebDriver"),
            "The tests in WebKitGTK are LEFT OUT: there is no WebKitWebDriver. Install it (Debian: apt-get install \
             webkit2gtk-driver xvfb), or name what it takes in ROUNDROBIN_WEBKIT_DRIVER and ROUNDROBIN_XVFB."
        );
    }
}
