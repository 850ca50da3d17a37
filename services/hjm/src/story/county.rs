//! Two counties with their policies, principals, customer numbers and articles.
//!
//! Policies are the shipped documents. Rents and prices are invented: no Swedish price list is
//! public.

use hjm_proto::{catalogue::v1 as c, common::v1 as common, prescription::v1 as p};
use hjm_service::convert::to_pb_date;
use jiff::civil::{Date, date};

use super::{StoryError, Teller};
use crate::classification;

/// A county: its tenant, and what is set up in it.
#[derive(Debug, Clone, Copy)]
pub struct County {
    /// The tenant.
    pub tenant: &'static str,
    /// Its name.
    pub name: &'static str,
    /// The region, by its county code.
    pub region: (&'static str, &'static str),
    /// The municipalities, by code.
    pub municipalities: &'static [(&'static str, &'static str)],
    /// Customer numbers of the region's own units; a municipality's home care has its code.
    pub region_units: &'static [(&'static str, &'static str)],
    /// First day of the policies, prices and articles.
    pub from: Date,
    policies: &'static [&'static str],
    /// What can be prescribed.
    pub articles: &'static [Article],
}

/// An article of a county, with its invented price.
#[derive(Debug, Clone, Copy)]
pub struct Article {
    /// Article number.
    pub number: &'static str,
    /// What it is.
    pub name: &'static str,
    /// ISO 9999 code.
    pub iso_code: &'static str,
    /// Rental, or sale.
    pub rental: bool,
    /// Product group.
    pub group: u32,
    /// Kronor a day, or a piece.
    pub price: &'static str,
}

const fn article(
    number: &'static str,
    name: &'static str,
    iso_code: &'static str,
    rental: bool,
    group: u32,
    price: &'static str,
) -> Article {
    Article {
        number,
        name,
        iso_code,
        rental,
        group,
        price,
    }
}

/// Jämtland Härjedalen.
pub const JAMTLAND: County = County {
    tenant: "jamtland-harjedalen",
    name: "Jämtland Härjedalen",
    region: ("23", "Region Jämtland Härjedalen"),
    municipalities: &[
        ("2303", "Ragunda kommun"),
        ("2305", "Bräcke kommun"),
        ("2309", "Krokoms kommun"),
        ("2313", "Strömsunds kommun"),
        ("2321", "Åre kommun"),
        ("2326", "Bergs kommun"),
        ("2361", "Härjedalens kommun"),
        ("2380", "Östersunds kommun"),
    ],
    region_units: &[
        ("1201", "Hälsocentral"),
        ("1202", "Rehabilitering"),
        ("1203", "Syncentral"),
    ],
    from: date(2025, 1, 1),
    policies: &[
        include_str!("../../../../policies/jamtland-harjedalen/fees.toml"),
        include_str!("../../../../policies/jamtland-harjedalen/payers.toml"),
        include_str!("../../../../policies/jamtland-harjedalen/rent.toml"),
    ],
    articles: &[
        article("12001", "Rollator, inomhus", "120606", true, 3, "1.80"),
        article("12002", "Rollator, utomhus", "120606", true, 3, "1.80"),
        article("12301", "Elrullstol", "122306", true, 3, "24.90"),
        article("18101", "Säng, reglerbar", "181210", true, 4, "9.35"),
        article("12201", "Rullstol, manuell", "122203", true, 4, "5.60"),
        article("09121", "Duschpall", "093307", true, 4, "1.15"),
        article("04031", "CPAP", "040312", true, 3, "6.40"),
        article("24181", "Griptång", "241803", false, 2, "350.00"),
        article("09331", "Badbräda", "093304", false, 2, "820.00"),
    ],
};

/// Dalarna.
pub const DALARNA: County = County {
    tenant: "dalarna",
    name: "Dalarna",
    region: ("20", "Region Dalarna"),
    municipalities: &[
        ("2021", "Vansbro kommun"),
        ("2023", "Malung-Sälens kommun"),
        ("2026", "Gagnefs kommun"),
        ("2029", "Leksands kommun"),
        ("2031", "Rättviks kommun"),
        ("2034", "Orsa kommun"),
        ("2039", "Älvdalens kommun"),
        ("2061", "Smedjebackens kommun"),
        ("2062", "Mora kommun"),
        ("2080", "Faluns kommun"),
        ("2081", "Borlänge kommun"),
        ("2082", "Säters kommun"),
        ("2083", "Hedemora kommun"),
        ("2084", "Avesta kommun"),
        ("2085", "Ludvika kommun"),
    ],
    region_units: &[
        ("2001", "Vårdcentral"),
        ("2002", "Hörselcentral"),
        ("2003", "Lasarett"),
    ],
    from: date(2024, 1, 1),
    policies: &[
        include_str!("../../../../policies/dalarna/fees.toml"),
        include_str!("../../../../policies/dalarna/payers.toml"),
        include_str!("../../../../policies/dalarna/rent.toml"),
        include_str!("../../../../policies/dalarna/free-card.toml"),
    ],
    articles: &[
        article("12001", "Rollator", "120606", true, 3, "1.95"),
        article("12201", "Rullstol, manuell", "122203", true, 3, "5.20"),
        article("12301", "Elrullstol", "122306", true, 3, "26.40"),
        article("18101", "Säng, reglerbar", "181210", true, 3, "8.90"),
        article("22061", "Hörapparater, par", "220615", true, 3, "3.75"),
        article("04031", "CPAP", "040312", true, 3, "6.10"),
        article("22271", "Kalenderklocka", "222715", true, 3, "2.30"),
        article("12391", "Dyna till rullstol", "122409", true, 4, "0.85"),
    ],
};

impl County {
    /// Sets the county up: repeating it changes nothing.
    ///
    /// # Errors
    /// A service's refusal.
    pub async fn set_up(&self, teller: &Teller) -> Result<(), StoryError> {
        self.classify(teller).await?;
        for text in self.policies {
            self.put_in_force(teller, text).await?;
        }
        let region = (self.region, p::PrincipalKind::Region);
        let others = self
            .municipalities
            .iter()
            .map(|one| (*one, p::PrincipalKind::Municipality));
        for ((id, name), kind) in [region].into_iter().chain(others) {
            self.principal(teller, id, name, kind).await?;
        }
        for (number, name) in self.region_units {
            self.unit(teller, number, self.region.0, name).await?;
        }
        for (code, _) in self.municipalities {
            self.unit(teller, code, code, "Hemsjukvård").await?;
        }
        for article in self.articles {
            self.article(teller, article).await?;
        }
        Ok(())
    }

    /// The codes that the shipped policies and the articles use.
    async fn classify(&self, teller: &Teller) -> Result<(), StoryError> {
        let parts = classification::parts(classification::SHIPPED, &teller.request_id(), false);
        let parts = parts.map_err(|_| StoryError::Missing("a column of the shipped codes"))?;
        let imported = teller.desk.import_iso_codes(parts).await;
        let imported = imported.map_err(StoryError::call("import the classification"))?;
        let whole = imported.lines.iter().all(|line| line.faults.is_empty());
        if whole {
            Ok(())
        } else {
            Err(StoryError::Missing("a code of the shipped list"))
        }
    }

    async fn put_in_force(&self, teller: &Teller, text: &str) -> Result<(), StoryError> {
        let request = c::ImportPolicyRequest {
            request_id: teller.request_id(),
            text: text.to_owned(),
            dry_run: false,
        };
        let imported = teller.desk.import_policy(request).await;
        let imported = imported.map_err(StoryError::call("import a policy"))?;
        let policy = imported.policy.ok_or(StoryError::Missing("a policy"))?;
        let mut second = teller.desk.caller().clone();
        "policy-approver".clone_into(&mut second.user);
        let request = c::ActivatePolicyRequest {
            request_id: teller.request_id(),
            policy_id: policy.policy_id,
            version: policy.version,
            active_from: Some(to_pb_date(self.from)),
        };
        let activated = teller
            .desk
            .with_caller(second)
            .activate_policy(request)
            .await;
        activated
            .map_err(StoryError::call("activate a policy"))
            .map(drop)
    }

    async fn principal(
        &self,
        teller: &Teller,
        id: &str,
        name: &str,
        kind: p::PrincipalKind,
    ) -> Result<(), StoryError> {
        let principal = p::Principal {
            principal_id: id.to_owned(),
            kind: kind.into(),
            name: name.to_owned(),
        };
        let request = p::CreatePrincipalRequest {
            request_id: teller.request_id(),
            principal: Some(principal),
        };
        let answer = teller.desk.create_principal(request).await;
        teller.hear(
            &answer
                .map_err(StoryError::call("create a principal"))?
                .position,
        );
        Ok(())
    }

    async fn unit(
        &self,
        teller: &Teller,
        number: &str,
        principal: &str,
        name: &str,
    ) -> Result<(), StoryError> {
        let unit = p::CustomerUnit {
            customer_number: number.to_owned(),
            principal_id: principal.to_owned(),
            name: name.to_owned(),
        };
        let request = p::CreateCustomerUnitRequest {
            request_id: teller.request_id(),
            unit: Some(unit),
        };
        let answer = teller.desk.create_customer_unit(request).await;
        teller.hear(&answer.map_err(StoryError::call("create a unit"))?.position);
        Ok(())
    }

    async fn article(&self, teller: &Teller, article: &Article) -> Result<(), StoryError> {
        let form = if article.rental {
            common::ChargeForm::Rental
        } else {
            common::ChargeForm::Sale
        };
        let from = Some(to_pb_date(self.from));
        let request = c::CreateArticleRequest {
            request_id: teller.request_id(),
            article: Some(c::Article {
                article_number: article.number.to_owned(),
                name: article.name.to_owned(),
                iso_code: article.iso_code.to_owned(),
                kind: c::ArticleKind::MainProduct.into(),
                charge_form: form.into(),
                product_group: article.group,
                valid_from: from,
                ..Default::default()
            }),
        };
        let created = teller.desk.create_article(request).await;
        created.map_err(StoryError::call("create an article"))?;
        let request = c::SetPriceRequest {
            request_id: teller.request_id(),
            article_number: article.number.to_owned(),
            price: Some(common::Decimal {
                value: article.price.to_owned(),
            }),
            valid_from: from,
            ..Default::default()
        };
        let priced = teller.desk.set_price(request).await;
        priced.map_err(StoryError::call("set a price")).map(drop)
    }

    /// Registers marked units of an article.
    ///
    /// # Errors
    /// The service's refusal.
    pub async fn stock(teller: &Teller, article: &str, units: &[String]) -> Result<(), StoryError> {
        for units in units.chunks(500) {
            let request = p::RegisterDeviceRequest {
                request_id: teller.request_id(),
                article_number: article.to_owned(),
                unit_numbers: units.to_vec(),
            };
            let answer = teller.desk.register_device(request).await;
            teller.hear(
                &answer
                    .map_err(StoryError::call("register devices"))?
                    .position,
            );
        }
        Ok(())
    }
}
