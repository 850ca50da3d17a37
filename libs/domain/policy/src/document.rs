//! The envelope of a policy document.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use hjm_ids::TenantId;
use jiff::civil::Date;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use toml::de::{DeTable, DeValue};

use crate::fault::line_of;
use crate::row::{Place, read_table, take_validity};
use crate::{Fault, SectionReader, Validity, from_text};

/// A part of a policy document, read by the domain lib that owns its rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Section {
    /// `fees`: own fees (egenavgifter); the catalogue's.
    Fees,
    /// `payers`: who pays; the catalogue's.
    Payers,
    /// `directives`: who may prescribe what, and when; the catalogue's.
    Directives,
    /// `rent`: unit, start and end of rent; billing's.
    Rent,
    /// `loss`: what is charged for what is lost or cannot be used again; billing's.
    Loss,
    /// `national_agreement`: care outside the home region; billing's.
    NationalAgreement,
    /// `free_card`: a high-cost protection; free-card's.
    FreeCard,
}

impl Section {
    /// All sections.
    pub const ALL: [Self; 7] = [
        Self::Fees,
        Self::Payers,
        Self::Directives,
        Self::Rent,
        Self::Loss,
        Self::NationalAgreement,
        Self::FreeCard,
    ];

    /// The key in the document.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fees => "fees",
            Self::Payers => "payers",
            Self::Directives => "directives",
            Self::Rent => "rent",
            Self::Loss => "loss",
            Self::NationalAgreement => "national_agreement",
            Self::FreeCard => "free_card",
        }
    }

    /// Whether several documents of a county may hold it at the same time: a fee table for each
    /// range of products, a document for each high-cost protection. Otherwise one document has it.
    pub const fn is_shared(self) -> bool {
        match self {
            Self::Fees | Self::FreeCard => true,
            Self::Payers | Self::Directives | Self::Rent | Self::Loss | Self::NationalAgreement => {
                false
            }
        }
    }
}

/// Which text decided something: id, version and hash of a policy document.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PolicyReference {
    /// The document's id.
    pub id: String,
    /// Its version, 1 or more.
    pub version: u32,
    /// SHA-256 of the canonical text, 64 hexadecimal digits in lower case.
    pub hash: String,
}

/// A policy document whose envelope is right: id, version, tenant, validity, sources. Its sections
/// are still to be read, each by its owner. Immutable: equal hashes are equal documents.
#[derive(Clone, Debug)]
pub struct PolicyDocument {
    reference: PolicyReference,
    tenant: TenantId,
    title: String,
    not_printed: Option<String>,
    validity: Validity,
    sources: BTreeMap<String, String>,
    sections: Vec<Section>,
    text: String,
}

const KEYS: [&str; 7] = [
    "id",
    "version",
    "tenant",
    "title",
    "not_printed",
    "valid_from",
    "valid_to",
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope {
    id: String,
    version: u32,
    #[serde(deserialize_with = "from_text")]
    tenant: TenantId,
    title: String,
    not_printed: Option<String>,
}

impl PolicyDocument {
    /// Reads the envelope of a TOML text and finds its sections.
    ///
    /// # Errors
    /// Every fault found: of syntax; a missing, unknown or ill-written key; a source without text;
    /// no section at all.
    pub fn parse(text: &str) -> Result<Self, Vec<Fault>> {
        let text = canonical(text);
        let mut table = syntax(&text)?;
        let mut faults = Vec::new();
        let place = Place::of(&text, String::new(), 0, &table);
        let sources = take_sources(&mut table, &place, &mut faults);
        let sections = take_sections(&mut table, &place, &mut faults);
        refuse_unknown(&mut table, &place, &mut faults);
        let validity = take_validity(&mut table, &place, None, &mut faults);
        let envelope: Option<Envelope> = read_table(table, &place, &mut faults);
        if let Some(envelope) = &envelope {
            if !is_id(&envelope.id) {
                faults.push(place.fault("id", "an id is 2 to 60 characters a-z, 0-9 and -"));
            }
            if envelope.version == 0 {
                faults.push(place.fault("version", "the first version is 1"));
            }
            let not_printed = envelope.not_printed.as_ref();
            for (key, text) in [
                ("title", Some(&envelope.title)),
                ("not_printed", not_printed),
            ] {
                if text.is_some_and(|text| text.trim().is_empty()) {
                    faults.push(place.fault(key, "is empty"));
                }
            }
        }
        if sections.is_empty() && faults.is_empty() {
            faults.push(Fault::at(1, "document", "holds none of the sections"));
        }
        let (Some(envelope), Some(validity), true) = (envelope, validity, faults.is_empty()) else {
            return Err(faults);
        };
        let reference = PolicyReference {
            id: envelope.id,
            version: envelope.version,
            hash: hash_of(&text),
        };
        Ok(Self {
            reference,
            tenant: envelope.tenant,
            title: envelope.title,
            not_printed: envelope.not_printed,
            validity,
            sources,
            sections,
            text,
        })
    }

    /// The document's id: the same for all its versions.
    pub fn id(&self) -> &str {
        &self.reference.id
    }

    /// Its version, 1 or more.
    pub fn version(&self) -> u32 {
        self.reference.version
    }

    /// SHA-256 of [`text`](Self::text), 64 hexadecimal digits in lower case.
    pub fn hash(&self) -> &str {
        &self.reference.hash
    }

    /// Id, version and hash: what an explanation names.
    pub fn reference(&self) -> &PolicyReference {
        &self.reference
    }

    /// The county whose policy it is.
    pub fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// What a reader calls it.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// What the document lacks because no source prints it. It can be read and asked, and is never
    /// put in force.
    pub fn not_printed(&self) -> Option<&str> {
        self.not_printed.as_deref()
    }

    /// The first day the document decides anything.
    pub fn valid_from(&self) -> Date {
        self.validity.valid_from
    }

    /// The first day it no longer does; none when open.
    pub fn valid_to(&self) -> Option<Date> {
        self.validity.valid_to
    }

    /// Both, as one.
    pub fn validity(&self) -> Validity {
        self.validity
    }

    /// The canonical text: line ends LF, exactly one at the end.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The sections it holds, in the order of [`Section::ALL`].
    pub fn sections(&self) -> &[Section] {
        &self.sections
    }

    /// The text of a key of `[sources]`.
    pub fn source(&self, key: &str) -> Option<&str> {
        self.sources.get(key).map(String::as_str)
    }

    pub(crate) fn sources(&self) -> &BTreeMap<String, String> {
        &self.sources
    }

    /// Starts reading a section; none when the document does not hold it.
    pub fn read(&self, section: Section) -> Option<SectionReader<'_>> {
        // The text has passed the same parser before, so it passes again.
        let value = DeTable::parse(&self.text)
            .ok()?
            .into_inner()
            .remove(section.name())?;
        let offset = value.span().start;
        let DeValue::Table(table) = value.into_inner() else {
            return None;
        };
        Some(SectionReader::new(self, section, offset, table))
    }
}

fn is_id(text: &str) -> bool {
    (2..=60).contains(&text.len())
        && text
            .bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
}

fn canonical(text: &str) -> String {
    let mut text = text.replace("\r\n", "\n");
    text.truncate(text.trim_end_matches('\n').len());
    text.push('\n');
    text
}

fn hash_of(text: &str) -> String {
    Sha256::digest(text.as_bytes())
        .iter()
        .fold(String::new(), |mut hex, byte| {
            // Writing to a String cannot fail.
            let _ = write!(hex, "{byte:02x}");
            hex
        })
}

fn syntax(text: &str) -> Result<DeTable<'_>, Vec<Fault>> {
    let (table, errors) = DeTable::parse_recoverable(text);
    if errors.is_empty() {
        return Ok(table.into_inner());
    }
    let fault = |error: &toml::de::Error| {
        let offset = error.span().map_or(0, |span| span.start);
        Fault::at(line_of(text, offset), "syntax", error.message())
    };
    Err(errors.iter().map(fault).collect())
}

fn take_sources(
    table: &mut DeTable<'_>,
    place: &Place,
    faults: &mut Vec<Fault>,
) -> BTreeMap<String, String> {
    let mut sources = BTreeMap::new();
    let Some(value) = table.remove("sources") else {
        faults.push(place.fault("sources", "missing: every value says where it is published"));
        return sources;
    };
    let DeValue::Table(entries) = value.into_inner() else {
        faults.push(place.fault("sources", "write [sources], then one key = \"text\" a line"));
        return sources;
    };
    for (key, value) in entries {
        match value.into_inner() {
            DeValue::String(text) if !text.trim().is_empty() => {
                sources.insert(key.into_inner().into_owned(), text.into_owned());
            }
            DeValue::String(_)
            | DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_)
            | DeValue::Array(_)
            | DeValue::Table(_) => {
                let message = format!("{:?}: a source is a text that is not empty", key.get_ref());
                faults.push(place.fault("sources", message));
            }
        }
    }
    sources
}

fn take_sections(table: &mut DeTable<'_>, place: &Place, faults: &mut Vec<Fault>) -> Vec<Section> {
    let mut sections = Vec::new();
    for section in Section::ALL {
        match table.remove(section.name()).map(toml::Spanned::into_inner) {
            None => {}
            Some(DeValue::Table(_)) => sections.push(section),
            Some(_) => faults.push(place.fault(section.name(), "a section is a table")),
        }
    }
    sections
}

fn refuse_unknown(table: &mut DeTable<'_>, place: &Place, faults: &mut Vec<Fault>) {
    let keys: Vec<String> = table.keys().map(|key| key.get_ref().to_string()).collect();
    for key in keys.iter().filter(|key| !KEYS.contains(&key.as_str())) {
        table.remove(key.as_str());
        faults.push(place.fault(key, "a policy document has no such key or section"));
    }
}
