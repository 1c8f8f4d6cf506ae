//! The crates of the workspace and the arrows between them, as cargo knows them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;

use super::{Arrow, SERVER};
use crate::{cargo, processes};

/// The crates of the workspace.
pub struct Crates {
    /// Their names by folder, as the list writes it.
    pub folders: BTreeMap<String, String>,
    /// What their manifests name of one another and of `outside`.
    pub arrows: Vec<Arrow>,
}

impl Crates {
    pub fn of_workspace(outside: &BTreeMap<String, BTreeSet<String>>) -> Result<Self> {
        let mut command = cargo::command(&["metadata", "--no-deps", "--format-version", "1"]);
        let metadata = processes::output(&mut command).context("cargo metadata failed")?;
        let told: Value = serde_json::from_str(&metadata)?;
        let root = cargo::root().canonicalize()?;
        let mut packages = Vec::new();
        for package in told["packages"].as_array().into_iter().flatten() {
            let name = package["name"].as_str().context("a package has no name")?;
            let manifest = package["manifest_path"].as_str().unwrap_or_default();
            let manifest = PathBuf::from(manifest).canonicalize()?;
            let manifest = manifest.strip_prefix(&root)?.to_owned();
            packages.push((name, manifest, &package["dependencies"]));
        }
        let names: BTreeSet<&str> = packages.iter().map(|(name, ..)| *name).collect();
        let mut arrows = Vec::new();
        let mut folders = BTreeMap::new();
        for (name, manifest, dependencies) in &packages {
            let folder = manifest.parent().unwrap_or(Path::new(""));
            folders.insert(format!("{}/", folder.display()), (*name).to_owned());
            for dependency in dependencies.as_array().into_iter().flatten() {
                let to = dependency["name"]
                    .as_str()
                    .unwrap_or_default()
                    .replace('-', "_");
                // Of the server, its rooms say where they need what is from outside.
                let is_outside = outside.contains_key(&to) && *name != SERVER;
                if names.contains(to.as_str()) || is_outside {
                    arrows.push(Arrow {
                        from: (*name).to_owned(),
                        to,
                        in_tests: dependency["kind"] == "dev",
                        place: manifest.display().to_string(),
                    });
                }
            }
        }
        Ok(Self { folders, arrows })
    }
}
