//! The repository's own files, without what was built or installed into it.

use std::fs;
use std::path::Path;

/// Folders that tools fill: their marker files.
const MARKERS: [&str; 2] = ["CACHEDIR.TAG", "pyvenv.cfg"];

/// Folders that are nobody's text.
const SKIPPED: [&str; 3] = [".git", ".sqlx", "__pycache__"];

/// A text file, with its path from the root.
#[derive(Debug, Clone)]
pub(super) struct Source {
    pub(super) path: String,
    pub(super) text: String,
}

impl Source {
    pub(super) fn new(path: &str, text: &str) -> Source {
        Source {
            path: path.to_owned(),
            text: text.to_owned(),
        }
    }

    pub(super) fn has_extension(&self, extensions: &[&str]) -> bool {
        let extension = Path::new(&self.path)
            .extension()
            .and_then(|text| text.to_str());
        extension.is_some_and(|text| extensions.contains(&text))
    }
}

/// Every text file below `root`, in order of path.
pub(super) fn sources(root: &Path) -> Vec<Source> {
    let mut found = Vec::new();
    walk(root, root, &mut found);
    found.sort_by(|left, right| left.path.cmp(&right.path));
    found
}

fn walk(root: &Path, folder: &Path, found: &mut Vec<Source>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            let built = MARKERS.iter().any(|marker| path.join(marker).exists());
            if !built && !SKIPPED.contains(&name.as_str()) {
                walk(root, &path, found);
            }
        } else if kind.is_file() {
            // What is not UTF-8 is no text.
            if let Ok(text) = fs::read_to_string(&path) {
                let path = path
                    .strip_prefix(root)
                    .unwrap()
                    .to_string_lossy()
                    .into_owned();
                found.push(Source { path, text });
            }
        }
    }
}
