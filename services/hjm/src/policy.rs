//! `hjm policy`: documents are checked as catalogue would check them, before anybody imports them.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use hjm_catalogue::{FeeTable, price_conflicts};
use hjm_free_card::Scheme;
use hjm_policy::{Fault, PolicyDocument};
use hjm_service::Clock;

use crate::{cli::Error, print};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Policy {
    /// Check documents: every fault with its line, codes that two tables of a county price
    /// differently, and schemes that fees are counted in and no document of the county has.
    Check {
        /// The files.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Print the JSON Schema of documents, for editors.
    Schema,
}

pub(crate) fn run(args: &Policy) -> Result<(), Error> {
    match args {
        Policy::Check { files } => check(files),
        Policy::Schema => {
            let schema = catalogue_service::policy_schema();
            print::line(serde_json::to_string_pretty(&schema)?);
            Ok(())
        }
    }
}

fn check(files: &[PathBuf]) -> Result<(), Error> {
    let mut faults = 0;
    let mut tables: BTreeMap<String, Vec<FeeTable>> = BTreeMap::new();
    let mut schemes: BTreeSet<(String, String)> = BTreeSet::new();
    for file in files {
        let text = fs::read_to_string(file)?;
        let name = file.display();
        let document = match PolicyDocument::parse(&text) {
            Ok(document) => document,
            Err(found) => {
                faults += found.len();
                tell(file, &found);
                continue;
            }
        };
        let found = catalogue_service::section_faults(&document);
        faults += found.len();
        tell(file, &found);
        if found.is_empty() {
            let lacks = document.not_printed();
            let lacks = lacks.map(|what| format!("; never in force, not printed: {what}"));
            let (id, version) = (document.id(), document.version());
            let rest = lacks.unwrap_or_default();
            print::line(format!("{name}: {id} version {version} is right{rest}"));
        }
        let county = document.tenant().to_string();
        if let Ok(Some(scheme)) = Scheme::parse(&document) {
            schemes.insert((county.clone(), scheme.id().to_owned()));
        }
        if let Ok(Some(table)) = FeeTable::parse(&document) {
            tables.entry(county).or_default().push(table);
        }
    }
    warn_of_schemes(&tables, &schemes);
    let today = Clock::System.today()?;
    for of_county in tables.values() {
        for (index, right) in of_county.iter().enumerate() {
            for left in &of_county[..index] {
                for conflict in price_conflicts(left, right, today) {
                    print::line(format!("warning: {conflict}"));
                }
            }
        }
    }
    if faults == 0 {
        Ok(())
    } else {
        Err(Error::PolicyFaults(faults))
    }
}

/// A fee that is counted in a scheme of another document, which is not among those given.
fn warn_of_schemes(tables: &BTreeMap<String, Vec<FeeTable>>, schemes: &BTreeSet<(String, String)>) {
    let tables = tables.iter();
    for (county, table) in tables.flat_map(|(county, of)| of.iter().map(move |one| (county, one))) {
        for scheme in table.schemes() {
            if !schemes.contains(&(county.clone(), scheme.to_owned())) {
                let id = &table.policy().id;
                print::line(format!(
                    "warning: {id} counts fees in the scheme {scheme}, which no document given has"
                ));
            }
        }
    }
}

fn tell(file: &Path, faults: &[Fault]) {
    for fault in faults {
        print::line(format!("{}: {fault}", file.display()));
    }
}
