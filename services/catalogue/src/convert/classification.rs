//! Codes of the classification, mappings, and lines of a list.

use hjm_catalogue::{
    EditionCode, IsoEdition, IsoEntry, IsoLine, IsoLineOutcome, IsoMapping, IsoTitles, MappingKind,
};
use hjm_ids::IsoCode;
use hjm_policy::Validity;
use hjm_proto::{catalogue::v1 as pb, common::v1::Date};
use hjm_service::{
    Violations,
    convert::{from_pb_date, from_pb_date_optional, from_pb_text, from_pb_words, to_pb_date},
};

use crate::store::IsoCodeRow;

const TITLE_LENGTH_MAX: usize = 200;
const NATIONAL_DIGITS: usize = 8;

pub(crate) fn from_pb_edition(
    violations: &mut Violations,
    field: &str,
    year: u32,
) -> Option<IsoEdition> {
    let edition = u16::try_from(year).ok().and_then(IsoEdition::of_year);
    violations.take(field, edition.ok_or("must be 2011, 2016 or 2022"))
}

pub(crate) fn from_pb_edition_code(
    violations: &mut Violations,
    (code_field, code): (&str, &str),
    (edition_field, year): (&str, u32),
) -> Option<EditionCode> {
    let code: Option<IsoCode> = from_pb_text(violations, code_field, code);
    let edition = from_pb_edition(violations, edition_field, year);
    Some(EditionCode {
        edition: edition?,
        code: code?,
    })
}

/// Reads a line, every field by itself.
pub(crate) fn from_pb_line(line: &pb::IsoCodeLine) -> Result<IsoLine, Violations> {
    let mut violations = Violations::default();
    let read = match &line.entry {
        None => violations.need("code", None),
        Some(pb::iso_code_line::Entry::Code(code)) => from_pb_code(&mut violations, code),
        Some(pb::iso_code_line::Entry::Mapping(mapping)) => {
            from_pb_mapping(&mut violations, mapping)
        }
    };
    read.filter(|_| violations.faults().next().is_none())
        .ok_or(violations)
}

fn from_pb_code(violations: &mut Violations, code: &pb::IsoCode) -> Option<IsoLine> {
    let edition = ("edition", code.edition);
    let key = from_pb_edition_code(violations, ("code", &code.code), edition);
    let sv = from_pb_words(violations, "title_sv", &code.title_sv, TITLE_LENGTH_MAX);
    let national = code.code.len() == NATIONAL_DIGITS;
    let en = if national && code.title_en.is_empty() {
        Some(String::new())
    } else {
        from_pb_words(violations, "title_en", &code.title_en, TITLE_LENGTH_MAX)
    };
    let validity = from_pb_validity(violations, code.valid_from.as_ref(), code.valid_to.as_ref());
    let titles = IsoTitles { sv: sv?, en: en? };
    Some(IsoLine {
        entry: IsoEntry::Code(key?, titles),
        validity: validity?,
    })
}

fn from_pb_mapping(violations: &mut Violations, mapping: &pb::IsoMapping) -> Option<IsoLine> {
    let edition = ("edition", mapping.edition);
    let from = from_pb_edition_code(violations, ("code", &mapping.code), edition);
    let edition = ("to_edition", mapping.to_edition);
    let to = from_pb_edition_code(violations, ("to_code", &mapping.to_code), edition);
    let validity = from_pb_validity(
        violations,
        mapping.valid_from.as_ref(),
        mapping.valid_to.as_ref(),
    );
    let (from, to) = (from?, to?);
    if to.edition <= from.edition {
        violations.add("to_edition", "must be a later edition");
    }
    Some(IsoLine {
        entry: IsoEntry::Mapping(IsoMapping { from, to }),
        validity: validity?,
    })
}

fn from_pb_validity(
    violations: &mut Violations,
    valid_from: Option<&Date>,
    valid_to: Option<&Date>,
) -> Option<Validity> {
    let from = from_pb_date(violations, "valid_from", valid_from);
    let to = from_pb_date_optional(violations, "valid_to", valid_to);
    let (valid_from, valid_to) = from.zip(to)?;
    if valid_to.is_some_and(|to| to <= valid_from) {
        violations.add("valid_to", "is exclusive, so it is later than valid_from");
    }
    Some(Validity {
        valid_from,
        valid_to,
    })
}

pub(crate) fn to_pb_iso_code(row: &IsoCodeRow) -> pb::IsoCode {
    pb::IsoCode {
        code: row.key.code.to_string(),
        edition: row.key.edition.year().into(),
        title_sv: row.titles.sv.clone(),
        title_en: row.titles.en.clone(),
        valid_from: Some(to_pb_date(row.validity.valid_from)),
        valid_to: row.validity.valid_to.map(to_pb_date),
    }
}

pub(crate) fn to_pb_mapping_kind(kind: MappingKind) -> pb::IsoMappingKind {
    match kind {
        MappingKind::Same => pb::IsoMappingKind::Same,
        MappingKind::Split => pb::IsoMappingKind::Split,
        MappingKind::Merge => pb::IsoMappingKind::Merge,
        MappingKind::SplitAndMerge => pb::IsoMappingKind::SplitAndMerge,
        MappingKind::None => pb::IsoMappingKind::None,
    }
}

/// The status of a line whose fields cannot be read.
pub(crate) fn to_pb_broken(line: u32, violations: &Violations) -> pb::IsoLineStatus {
    let faults = violations.faults();
    pb::IsoLineStatus {
        line,
        outcome: pb::IsoLineOutcome::Refused.into(),
        faults: faults.map(|(field, text)| fault(field, text)).collect(),
    }
}

pub(crate) fn to_pb_line_status(line: u32, outcome: &IsoLineOutcome) -> pb::IsoLineStatus {
    let (outcome, faults) = match outcome {
        IsoLineOutcome::Added => (pb::IsoLineOutcome::Added, vec![]),
        IsoLineOutcome::Changed => (pb::IsoLineOutcome::Changed, vec![]),
        IsoLineOutcome::Unchanged => (pb::IsoLineOutcome::Unchanged, vec![]),
        IsoLineOutcome::Refused(field, text) => {
            (pb::IsoLineOutcome::Refused, vec![fault(field, text)])
        }
    };
    pb::IsoLineStatus {
        line,
        outcome: outcome.into(),
        faults,
    }
}

fn fault(field: &str, text: &str) -> pb::IsoLineFault {
    pb::IsoLineFault {
        field: field.to_owned(),
        text: text.to_owned(),
    }
}
