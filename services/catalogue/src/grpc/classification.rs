//! `ClassificationService`.

use std::collections::BTreeSet;

use hjm_ids::IsoCode;
use hjm_proto::catalogue::v1::{self as pb, classification_service_server::ClassificationService};
use hjm_service::{
    Failure, Violations, WriteKey, caller,
    convert::{from_pb_date_optional, from_pb_page_size, from_pb_text_optional, to_pb_next_page},
};
use tokio_stream::StreamExt as _;
use tonic::{Request, Response, Status, Streaming, async_trait};

use crate::{
    Deps,
    app::classification::{self, ListLine},
    convert::{from_pb_edition, from_pb_edition_code, from_pb_line, to_pb_iso_code},
    store::IsoCodeFilter,
};

/// Lines of a list at the most: every edition with its national level, and mappings, fits.
const LIST_LINES_MAX: usize = 20_000;
const LEVEL_DIGITS: usize = 2;

#[async_trait]
impl ClassificationService for Deps {
    async fn get_iso_code(
        &self,
        request: Request<pb::GetIsoCodeRequest>,
    ) -> Result<Response<pb::GetIsoCodeResponse>, Status> {
        let caller = caller(&request)?;
        let asked = request.into_inner();
        let mut violations = Violations::default();
        let edition = ("edition", asked.edition);
        let key = from_pb_edition_code(&mut violations, ("code", &asked.code), edition);
        let on = from_pb_date_optional(&mut violations, "as_of", asked.as_of.as_ref());
        let (key, on) = violations.finish(key.zip(on))?;
        let on = on.map_or_else(|| self.clock.today(), Ok)?;
        let found = classification::get_iso_code(self, &caller, key, on).await?;
        let mut above: Vec<pb::IsoCode> = found.iter().map(to_pb_iso_code).collect();
        let code = above.pop();
        Ok(Response::new(pb::GetIsoCodeResponse { code, above }))
    }

    async fn list_iso_codes(
        &self,
        request: Request<pb::ListIsoCodesRequest>,
    ) -> Result<Response<pb::ListIsoCodesResponse>, Status> {
        let caller = caller(&request)?;
        let asked = request.into_inner();
        let mut violations = Violations::default();
        let edition = from_pb_edition(&mut violations, "edition", asked.edition);
        let under: Option<Option<IsoCode>> =
            from_pb_text_optional(&mut violations, "under", &asked.under);
        let on = from_pb_date_optional(&mut violations, "as_of", asked.as_of.as_ref());
        let rows_max = from_pb_page_size(&mut violations, asked.page_size);
        let after: Option<Option<IsoCode>> =
            from_pb_text_optional(&mut violations, "page_token", &asked.page_token);
        let parsed = edition.zip(under).zip(on).zip(rows_max.zip(after));
        let (((edition, under), on), (rows_max, _)) = violations.finish(parsed)?;
        let under = under.map_or(String::new(), |under| under.to_string());
        let digits = i32::try_from(under.len() + LEVEL_DIGITS).ok();
        let filter = IsoCodeFilter {
            edition,
            under,
            digits: digits.filter(|_| asked.children_only),
            on: on.map_or_else(|| self.clock.today(), Ok)?,
            after: asked.page_token,
        };
        let found = classification::list_iso_codes(self, &caller, filter, rows_max).await?;
        let last = found.last().map(|row| row.key.code.to_string());
        Ok(Response::new(pb::ListIsoCodesResponse {
            next_page_token: to_pb_next_page(found.len(), rows_max, last),
            codes: found.iter().map(to_pb_iso_code).collect(),
        }))
    }

    async fn map_iso_code(
        &self,
        request: Request<pb::MapIsoCodeRequest>,
    ) -> Result<Response<pb::MapIsoCodeResponse>, Status> {
        let caller = caller(&request)?;
        let asked = request.into_inner();
        let mut violations = Violations::default();
        let edition = ("edition", asked.edition);
        let key = from_pb_edition_code(&mut violations, ("code", &asked.code), edition);
        let to = from_pb_edition(&mut violations, "to_edition", asked.to_edition);
        let on = from_pb_date_optional(&mut violations, "as_of", asked.as_of.as_ref());
        let ((key, to), on) = violations.finish(key.zip(to).zip(on))?;
        let on = on.map_or_else(|| self.clock.today(), Ok)?;
        let mapped = classification::map_iso_code(self, &caller, key, to, on).await?;
        Ok(Response::new(mapped))
    }

    async fn import_iso_codes(
        &self,
        request: Request<Streaming<pb::ImportIsoCodesRequest>>,
    ) -> Result<Response<pb::ImportIsoCodesResponse>, Status> {
        let caller = caller(&request)?;
        let list = gathered(request.into_inner()).await?;
        let key = WriteKey::new(caller.clone(), &list, self.clock.now()?)?;
        let lines = read_lines(&list.lines);
        if list.dry_run {
            let preview = classification::preview_iso_codes(self, &caller, lines);
            return Ok(Response::new(preview.await?));
        }
        Ok(classification::import_iso_codes(self, key, lines)
            .await?
            .into_response())
    }
}

/// The parts of a list as one.
async fn gathered(
    mut parts: Streaming<pb::ImportIsoCodesRequest>,
) -> Result<pb::ImportIsoCodesRequest, Status> {
    let mut list: Option<pb::ImportIsoCodesRequest> = None;
    while let Some(part) = parts.next().await {
        let part = part?;
        let Some(list) = &mut list else {
            list = Some(part);
            continue;
        };
        for (field, same) in [
            ("request_id", list.request_id == part.request_id),
            ("dry_run", list.dry_run == part.dry_run),
        ] {
            if !same {
                return Err(Violations::one(field, "must be the same in every part").into());
            }
        }
        list.lines.extend(part.lines);
        too_long(list)?;
    }
    let list = list.unwrap_or_default();
    too_long(&list)?;
    Ok(list)
}

fn too_long(list: &pb::ImportIsoCodesRequest) -> Result<(), Failure> {
    if list.lines.len() > LIST_LINES_MAX {
        let text = format!("must be at most {LIST_LINES_MAX} in a list");
        return Err(Violations::one("lines", text));
    }
    Ok(())
}

/// Reads the lines; a number that came before is a fault of its line.
fn read_lines(lines: &[pb::IsoCodeLine]) -> Vec<ListLine> {
    let mut numbers = BTreeSet::new();
    let read = lines.iter().map(|line| {
        let mut violations = Violations::default();
        if line.line == 0 || !numbers.insert(line.line) {
            violations.add("line", "must be 1 or more, and each number once");
            return (line.line, Err(violations));
        }
        (line.line, from_pb_line(line))
    });
    read.collect()
}
