//! Lists the shipped policy documents for `hjm rules`.

#![expect(
    clippy::disallowed_methods,
    reason = "a build script is told by its environment"
)]

use std::{
    env,
    error::Error,
    fmt::Write as _,
    fs, io,
    path::{Path, PathBuf},
};

fn main() -> Result<(), Box<dyn Error>> {
    let policies = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../../policies");
    println!("cargo:rerun-if-changed={}", policies.display());
    let mut list = String::from("[");
    for county in sorted(&policies)?.iter().filter(|path| path.is_dir()) {
        for document in sorted(county)? {
            let path = document.canonicalize()?;
            let literal = path.display().to_string().escape_default().to_string();
            write!(list, "include_str!(\"{literal}\"),")?;
        }
    }
    list.push(']');
    fs::write(Path::new(&env::var("OUT_DIR")?).join("policies.rs"), list)?;
    Ok(())
}

fn sorted(folder: &Path) -> Result<Vec<PathBuf>, io::Error> {
    let entries = fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path()));
    let mut entries = entries.collect::<Result<Vec<_>, _>>()?;
    entries.sort();
    Ok(entries)
}
