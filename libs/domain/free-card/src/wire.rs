//! How the parts of a snapshot are written: a fee's id as a number, other ids as text, amounts as
//! öre.

/// An amount as a whole number of öre.
pub(crate) mod ore {
    use hjm_money::Money;
    use serde::{Deserialize, Deserializer, Serializer};

    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "the signature that serde calls"
    )]
    pub(crate) fn serialize<S: Serializer>(money: &Money, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_i64(money.ore())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Money, D::Error> {
        i64::deserialize(from).map(Money::from_ore)
    }
}

/// An id as its text.
pub(crate) mod text {
    use std::fmt::Display;
    use std::str::FromStr;

    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<T: Display, S: Serializer>(id: &T, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(id)
    }

    pub(crate) fn deserialize<'de, T, D>(from: D) -> Result<T, D::Error>
    where
        T: FromStr<Err: Display>,
        D: Deserializer<'de>,
    {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

/// A fee's id as its number.
pub(crate) mod fee {
    use hjm_ids::FeeId;
    use serde::{Deserialize, Deserializer, Serializer};
    use uuid::Uuid;

    pub(crate) fn serialize<S: Serializer>(fee: &FeeId, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u128(fee.uuid().as_u128())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<FeeId, D::Error> {
        u128::deserialize(from).map(|number| FeeId::new(Uuid::from_u128(number)))
    }
}

/// A fee's id that may be missing.
pub(crate) mod fee_optional {
    use hjm_ids::FeeId;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use uuid::Uuid;

    #[expect(clippy::ref_option, reason = "the signature that serde calls")]
    pub(crate) fn serialize<S: Serializer>(fee: &Option<FeeId>, to: S) -> Result<S::Ok, S::Error> {
        fee.map(|fee| fee.uuid().as_u128()).serialize(to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<FeeId>, D::Error> {
        let number = Option::<u128>::deserialize(from)?;
        Ok(number.map(|number| FeeId::new(Uuid::from_u128(number))))
    }
}
