//! Who calls. Until certificates and tokens exist a caller says so itself, in the metadata entry
//! `hjm-caller`, and only where the operator allowed it on loopback (`--insecure-callers`).

use hjm_ids::{PrincipalId, TenantId};
use tonic::{Request, Status};

use crate::database::Scope;

/// The metadata entry a caller introduces itself with.
pub const CALLER_HEADER: &str = "hjm-caller";

/// The role that sees a whole tenant: the aid centre that keeps the county's books.
pub const ROLE_AID_CENTRE: &str = "aid_centre";

/// Who calls: the tenant is the hard wall, the principal the one inside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The county collaboration whose books are meant.
    pub tenant: TenantId,
    /// The region or municipality that the caller works for; absent for the aid centre itself.
    pub principal: Option<PrincipalId>,
    /// The calling system; part of every idempotency key.
    pub client: String,
    /// The person or job behind the call.
    pub user: String,
    /// What it may do.
    pub roles: Vec<String>,
}

impl Caller {
    /// The caller of a service's own background work and of its calls to other services.
    pub fn service(tenant: TenantId, name: &str) -> Self {
        Self {
            tenant,
            principal: None,
            client: format!("service:{name}"),
            user: name.to_owned(),
            roles: vec![ROLE_AID_CENTRE.to_owned()],
        }
    }

    /// What the caller may see: the whole tenant for the aid centre, else its principal's rows.
    pub fn scope(&self) -> Scope {
        let whole = self.roles.iter().any(|role| role == ROLE_AID_CENTRE);
        Scope {
            tenant: self.tenant.clone(),
            principal: if whole { None } else { self.principal.clone() },
        }
    }

    /// The metadata value that [`Caller::parse`] reads back.
    pub fn to_header(&self) -> String {
        let principal = self
            .principal
            .as_ref()
            .map_or(String::new(), ToString::to_string);
        format!(
            "tenant={};principal={principal};client={};user={};roles={}",
            self.tenant,
            self.client,
            self.user,
            self.roles.join(",")
        )
    }

    /// Reads `tenant=…;principal=…;client=…;user=…;roles=a,b`.
    ///
    /// # Errors
    /// The name of the part that is missing, unknown or malformed.
    pub fn parse(value: &str) -> Result<Self, String> {
        let (mut tenant, mut principal, mut client) = (None, None, None);
        let (mut user, mut roles) = (None, Vec::new());
        for part in value
            .split(';')
            .map(str::trim)
            .filter(|part| !part.is_empty())
        {
            let (name, value) = part.split_once('=').ok_or_else(|| part.to_owned())?;
            match name {
                "tenant" => tenant = Some(value.parse().map_err(|_| "tenant".to_owned())?),
                "principal" if value.is_empty() => {}
                "principal" => {
                    principal = Some(value.parse().map_err(|_| "principal".to_owned())?);
                }
                "client" => client = Some(value.to_owned()),
                "user" => user = Some(value.to_owned()),
                "roles" => roles = value.split(',').map(str::to_owned).collect(),
                other => return Err(other.to_owned()),
            }
        }
        let user = user
            .filter(|user: &String| !user.is_empty())
            .ok_or("user")?;
        let caller = Self {
            tenant: tenant.ok_or("tenant")?,
            principal,
            client: client.unwrap_or_else(|| user.clone()),
            user,
            roles,
        };
        let whole = caller.roles.iter().any(|role| role == ROLE_AID_CENTRE);
        if caller.principal.is_none() && !whole {
            return Err("principal".to_owned());
        }
        Ok(caller)
    }
}

/// The caller of a request, put there by the server's caller layer.
///
/// # Errors
/// `UNAUTHENTICATED` when the request carries none.
pub fn caller<T>(request: &Request<T>) -> Result<Caller, Status> {
    request
        .extensions()
        .get::<Caller>()
        .cloned()
        .ok_or_else(|| Status::unauthenticated("say who calls in the metadata entry hjm-caller"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_caller_writes_is_read_back() {
        let text = "tenant=dalarna;principal=2081;client=desk;user=me;roles=";
        let caller = Caller::parse(text).unwrap();
        assert_eq!(Caller::parse(&caller.to_header()), Ok(caller.clone()));
        assert_eq!(caller.scope().principal, caller.principal);
    }

    #[test]
    fn the_aid_centre_sees_its_whole_tenant() {
        let caller = Caller::parse("tenant=dalarna;user=me;roles=aid_centre").unwrap();
        assert_eq!(caller.scope().principal, None);
        assert_eq!(caller.client, "me");
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        let cases = [
            ("user=me;roles=aid_centre", "tenant"),
            ("tenant=dalarna;roles=aid_centre", "user"),
            ("tenant=dalarna;user=me", "principal"),
            ("tenant=Dalarna!;user=me;roles=aid_centre", "tenant"),
            ("tenant=dalarna;user=me;principal=a b", "principal"),
            ("tenant=dalarna;user=me;rank=1", "rank"),
            ("tenant", "tenant"),
        ];
        for (text, part) in cases {
            assert_eq!(Caller::parse(text), Err(part.to_owned()), "{text}");
        }
    }
}
