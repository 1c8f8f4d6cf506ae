//! Values of any type that can be read, made of what the type itself says to serde while it is
//! being read. So nobody has to write them down, and no variant of an enum can be forgotten.

use serde::{
    Deserializer,
    de::{
        self, DeserializeOwned, DeserializeSeed, EnumAccess, IntoDeserializer, MapAccess,
        SeqAccess, VariantAccess, Visitor, value::U32Deserializer,
    },
    forward_to_deserialize_any,
};
use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    fmt::{self, Display, Formatter},
};

/// An enum, by its name and the names of its variants.
type Enum = (&'static str, &'static [&'static str]);

/// Values of `T`, so many that each variant of each enum within is in one of them. Options and
/// lists are once all there and once all empty.
///
/// # Panics
/// If a value of `T` cannot be made, because it wants texts or numbers of its own.
pub(super) fn samples<T: DeserializeOwned>() -> Vec<T> {
    let mut samples = Vec::new();
    for full in [true, false] {
        let mut seen = BTreeSet::new();
        let mut left = vec![BTreeMap::new()];
        while let Some(variants) = left.pop() {
            let sampler = Sampler {
                full,
                variants: &variants,
                met: RefCell::default(),
            };
            samples.push(T::deserialize(&sampler).expect("a value of this type can be made"));
            for met in sampler.met.take() {
                for index in 0..met.1.len() {
                    if seen.insert((met, index)) {
                        let mut others = variants.clone();
                        others.insert(met, index);
                        left.push(others);
                    }
                }
            }
        }
    }
    samples
}

/// Where values come from.
struct Sampler<'a> {
    full: bool,
    /// The variants that are to be made, by index; of all other enums the first.
    variants: &'a BTreeMap<Enum, usize>,
    /// The enums that were asked for.
    met: RefCell<BTreeSet<Enum>>,
}

#[derive(Debug)]
struct NotMade(String);

impl Display for NotMade {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NotMade {}

impl de::Error for NotMade {
    fn custom<T: Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

impl<'a> Sampler<'a> {
    fn several(&'a self, length: usize) -> Several<'a> {
        Several {
            sampler: self,
            left: length,
        }
    }
}

impl<'de> Deserializer<'de> for &Sampler<'_> {
    type Error = NotMade;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, NotMade> {
        Err(NotMade("it does not say what it is".to_owned()))
    }

    forward_to_deserialize_any! {
        f32 f64 i128 u128 bytes byte_buf identifier
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotMade> {
        visitor.visit_bool(self.full)
    }

    fn deserialize_i8<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotMade> {
        visitor.visit_i8(-7)
    }

    fn deserialize_i16<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotMade> {
        visitor.visit_i16(-7)
    }

    fn deserialize_i32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotMade> {
        visitor.visit_i32(-7)
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotMade> {
        visitor.visit_i64(if self.full { 1_764_000_000_000 } else { -7 })
    }

    fn deserialize_u8<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotMade> {
        visitor.visit_u8(7)
    }

    fn deserialize_u16<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotMade> {
        visitor.visit_u16(7)
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotMade> {
        visitor.visit_u32(7)
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotMade> {
        visitor.visit_u64(1_764_000_000_000)
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotMade> {
        visitor.visit_char('a')
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotMade> {
        // Good for ids and for the words of others as well.
        visitor.visit_str("text_1")
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotMade> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotMade> {
        match self.full {
            true => visitor.visit_some(self),
            false => visitor.visit_none(),
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotMade> {
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, NotMade> {
        visitor.visit_unit()
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotMade> {
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, NotMade> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotMade> {
        visitor.visit_seq(self.several(if self.full { 2 } else { 0 }))
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotMade> {
        visitor.visit_map(self.several(usize::from(self.full)))
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, NotMade> {
        visitor.visit_seq(self.several(length))
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, NotMade> {
        visitor.visit_seq(self.several(length))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, NotMade> {
        visitor.visit_seq(self.several(names.len()))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, NotMade> {
        self.met.borrow_mut().insert((name, variants));
        visitor.visit_enum(Variant {
            sampler: self,
            index: self.variants.get(&(name, variants)).copied().unwrap_or(0),
        })
    }
}

/// A number of values.
struct Several<'a> {
    sampler: &'a Sampler<'a>,
    left: usize,
}

impl<'de> SeqAccess<'de> for Several<'_> {
    type Error = NotMade;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, NotMade> {
        let Some(left) = self.left.checked_sub(1) else {
            return Ok(None);
        };
        self.left = left;
        seed.deserialize(self.sampler).map(Some)
    }
}

impl<'de> MapAccess<'de> for Several<'_> {
    type Error = NotMade;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, NotMade> {
        self.next_element_seed(seed)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, NotMade> {
        seed.deserialize(self.sampler)
    }
}

struct Variant<'a> {
    sampler: &'a Sampler<'a>,
    index: usize,
}

impl<'de, 'a> EnumAccess<'de> for Variant<'a> {
    type Error = NotMade;
    type Variant = &'a Sampler<'a>;

    fn variant_seed<T: DeserializeSeed<'de>>(
        self,
        seed: T,
    ) -> Result<(T::Value, Self::Variant), NotMade> {
        let index = u32::try_from(self.index).map_err(de::Error::custom)?;
        let index: U32Deserializer<NotMade> = index.into_deserializer();
        Ok((seed.deserialize(index)?, self.sampler))
    }
}

impl<'de> VariantAccess<'de> for &Sampler<'_> {
    type Error = NotMade;

    fn unit_variant(self) -> Result<(), NotMade> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, NotMade> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(
        self,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, NotMade> {
        visitor.visit_seq(self.several(length))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, NotMade> {
        visitor.visit_seq(self.several(names.len()))
    }
}

mod tests {
    use super::samples;
    use serde::{Deserialize, Serialize};

    #[derive(Serialize, Deserialize)]
    enum Outer {
        Plain,
        Holds(Option<Vec<Inner>>),
        Named { inner: Inner, number: u8 },
    }

    #[derive(Serialize, Deserialize)]
    enum Inner {
        One,
        Two(i64, String),
    }

    #[test]
    fn each_variant_is_in_one_of_them_however_deep() {
        let samples = serde_json::to_string(&samples::<Outer>()).unwrap();
        for part in [
            r#""Plain""#,
            r#"{"Holds":null}"#,
            r#"{"Holds":["#,
            r#""One""#,
            r#"{"Two":[1764000000000,"text_1"]}"#,
            r#""number":7"#,
        ] {
            assert!(samples.contains(part), "{part} in {samples}");
        }
    }
}
