//! The rules a filter keeps: depth, number of conditions, sizes, places on the earth. Names the clause that breaks
//! one; never evaluates any.

use crate::{
    Bounds, Condition, FieldTest, Filter, GeoPoint, GeoPolygon, Invalid, Limits, Number, Problem, Text,
};

impl Filter {
    /// Checks every clause against `limits` and the rules of its kind. Cost: linear; stops at the first fault.
    pub fn validate(&self, limits: &Limits) -> Result<(), Invalid> {
        self.validate_at("filter", limits)
    }

    /// As [`Filter::validate`], for a filter that the caller knows by the name `place`.
    pub fn validate_at(&self, place: &str, limits: &Limits) -> Result<(), Invalid> {
        let mut walk = Walk {
            limits,
            conditions: 0,
        };
        let level = Level {
            place,
            depth: 1,
            is_nested: false,
        };
        walk.level(self, level)
    }
}

/// Where the walk stands.
#[derive(Clone, Copy)]
struct Level<'a> {
    place: &'a str,
    depth: usize,
    /// Inside a nested condition, where there is an item of an array and no point.
    is_nested: bool,
}

struct Walk<'a> {
    limits: &'a Limits,
    conditions: usize,
}

impl Walk<'_> {
    fn level(&mut self, filter: &Filter, level: Level<'_>) -> Result<(), Invalid> {
        let place = level.place;
        Problem::at_most(level.depth, self.limits.filter_depth_max, "filter_depth_max")
            .map_err(|problem| Invalid::new(place, problem))?;
        if filter.min_should.as_ref().is_some_and(|min| min.min_count == 0) {
            let problem = Problem::BelowLimit { given: 0, limit: 1 };
            return Err(Invalid::new(format!("{place}.min_should.min_count"), problem));
        }
        for (clause, at, condition) in filter.clauses() {
            self.conditions += 1;
            Problem::at_most(
                self.conditions,
                self.limits.filter_conditions_max,
                "filter_conditions_max",
            )
            .map_err(|problem| Invalid::new(format!("{place}.{clause}[{at}]"), problem))?;
            let here = || format!("{place}.{clause}[{at}]");
            match condition {
                Condition::Filter(inner) => self.inner(inner, &here(), level, level.is_nested)?,
                Condition::Nested { filter: inner, .. } => {
                    self.inner(inner, &format!("{}.nested.filter", here()), level, true)?;
                }
                leaf => self
                    .leaf(leaf, level.is_nested)
                    .map_err(|invalid| invalid.within(here()))?,
            }
        }
        Ok(())
    }

    fn inner(
        &mut self,
        filter: &Filter,
        place: &str,
        outer: Level<'_>,
        is_nested: bool,
    ) -> Result<(), Invalid> {
        let depth = outer.depth + 1;
        self.level(
            filter,
            Level {
                place,
                depth,
                is_nested,
            },
        )
    }

    /// A condition without a filter inside; its fault is named from the condition on.
    fn leaf(&self, condition: &Condition, is_nested: bool) -> Result<(), Invalid> {
        let name = match condition {
            Condition::Field(field) => return self.test(&field.test),
            Condition::HasId(ids) => {
                self.values(ids.len(), "has_id")?;
                "has_id"
            }
            _ => "has_vector",
        };
        if is_nested {
            let rule =
                "asks for a point, and inside nested there is an item of an array: put it beside nested";
            return Err(broken(name, rule));
        }
        Ok(())
    }

    fn test(&self, test: &FieldTest) -> Result<(), Invalid> {
        match test {
            FieldTest::MatchAny(list) => self.values(list.len(), "match.any"),
            FieldTest::MatchExcept(list) => self.values(list.len(), "match.except"),
            FieldTest::StartsWith(text) => self.text(text, "match.prefix"),
            FieldTest::Contains(text) => self.text(text, "match.substring"),
            FieldTest::Text(Text::All(text)) => self.text(text, "match.text"),
            FieldTest::Text(Text::Any(text)) => self.text(text, "match.text_any"),
            FieldTest::Text(Text::Phrase(text)) => self.text(text, "match.phrase"),
            FieldTest::Text(Text::Prefix(text)) => self.text(text, "match.text_prefix"),
            FieldTest::Range(bounds) => numbers(bounds, |bound| bound.is_nan()),
            FieldTest::ExactRange(bounds) => numbers(
                bounds,
                |bound| matches!(bound, Number::Float(number) if number.is_nan()),
            ),
            FieldTest::GeoRadius { center, radius_m } => {
                center
                    .check()
                    .map_err(|invalid| invalid.within("geo_radius.center"))?;
                check_radius(*radius_m, "geo_radius.radius")
            }
            FieldTest::GeoBoundingBox {
                top_left,
                bottom_right,
            } => {
                let within = |corner: &str| format!("geo_bounding_box.{corner}");
                top_left
                    .check()
                    .map_err(|invalid| invalid.within(within("top_left")))?;
                bottom_right
                    .check()
                    .map_err(|invalid| invalid.within(within("bottom_right")))
            }
            FieldTest::GeoPolygon(polygon) => {
                let points = polygon.points();
                Problem::at_most(
                    points,
                    self.limits.filter_polygon_points_max,
                    "filter_polygon_points_max",
                )
                .map_err(|problem| Invalid::new("geo_polygon", problem))?;
                polygon.check().map_err(|invalid| invalid.within("geo_polygon"))
            }
            FieldTest::Match(_)
            | FieldTest::DatetimeRange(_)
            | FieldTest::ValuesCount(_)
            | FieldTest::IsEmpty
            | FieldTest::IsNull => Ok(()),
        }
    }

    fn values(&self, values: usize, name: &str) -> Result<(), Invalid> {
        Problem::at_most(values, self.limits.filter_values_max, "filter_values_max")
            .map_err(|problem| Invalid::new(name, problem))
    }

    fn text(&self, text: &str, name: &str) -> Result<(), Invalid> {
        Problem::at_most(
            text.len(),
            self.limits.filter_text_bytes_max,
            "filter_text_bytes_max",
        )
        .map_err(|problem| Invalid::new(name, problem))
    }
}

impl GeoPoint {
    /// Whether it is a place on the earth; names `lon` or `lat` if not.
    pub fn check(&self) -> Result<(), Invalid> {
        if !(-180.0..=180.0).contains(&self.lon) {
            return Err(broken("lon", "must lie within -180 and 180"));
        }
        if !(-90.0..=90.0).contains(&self.lat) {
            return Err(broken("lat", "must lie within -90 and 90"));
        }
        Ok(())
    }
}

impl GeoPolygon {
    /// Points of all rings together.
    pub fn points(&self) -> usize {
        self.exterior.len() + self.interiors.iter().map(Vec::len).sum::<usize>()
    }

    /// Whether every ring is closed and on the earth; names the ring or point that is not.
    pub fn check(&self) -> Result<(), Invalid> {
        check_ring(&self.exterior).map_err(|invalid| invalid.within("exterior"))?;
        for (at, ring) in self.interiors.iter().enumerate() {
            check_ring(ring).map_err(|invalid| invalid.within(format!("interiors[{at}]")))?;
        }
        Ok(())
    }
}

/// Whether a ring is closed and on the earth; names `points` or the point that is not.
pub fn check_ring(ring: &[GeoPoint]) -> Result<(), Invalid> {
    for (at, point) in ring.iter().enumerate() {
        point
            .check()
            .map_err(|invalid| invalid.within(format!("points[{at}]")))?;
    }
    if ring.len() < 4 || ring.first() != ring.last() {
        let rule = "a ring has at least 4 points, the last equal to the first";
        return Err(broken("points", rule));
    }
    Ok(())
}

/// Whether `metres` is a radius; `field` is its name.
pub fn check_radius(metres: f64, field: &str) -> Result<(), Invalid> {
    if metres.is_finite() && metres >= 0.0 {
        return Ok(());
    }
    Err(broken(field, "must be a finite number of metres, 0 or more"))
}

fn numbers<T: Copy>(bounds: &Bounds<T>, is_nan: impl Fn(T) -> bool) -> Result<(), Invalid> {
    let named = [
        ("range.gt", bounds.gt),
        ("range.gte", bounds.gte),
        ("range.lt", bounds.lt),
        ("range.lte", bounds.lte),
    ];
    match named.into_iter().find(|(_, bound)| bound.is_some_and(&is_nan)) {
        None => Ok(()),
        Some((name, _)) => Err(broken(name, "must be a number, and NaN is none")),
    }
}

fn broken(field: &str, rule: &'static str) -> Invalid {
    Invalid::new(field, Problem::Contradiction { rule })
}

#[cfg(test)]
mod tests {
    //! Goal: a filter that breaks a rule is refused by the place of the clause. Method: a table of trees and the
    //! messages they earn.
    use super::*;
    use crate::{FieldCondition, MinShould, PayloadPath};

    fn field(test: FieldTest) -> Condition {
        let path = PayloadPath::key("a");
        Condition::Field(FieldCondition { path, test })
    }

    fn place(lon: f64, lat: f64) -> GeoPoint {
        GeoPoint { lon, lat }
    }

    fn radius(center: GeoPoint, radius_m: f64) -> Condition {
        field(FieldTest::GeoRadius { center, radius_m })
    }

    fn polygon(exterior: &[(f64, f64)], interior: &[(f64, f64)]) -> Condition {
        let ring = |points: &[(f64, f64)]| points.iter().map(|(lon, lat)| place(*lon, *lat)).collect();
        let (exterior, interiors) = (ring(exterior), vec![ring(interior)]);
        field(FieldTest::GeoPolygon(GeoPolygon { exterior, interiors }))
    }

    #[test]
    #[allow(clippy::too_many_lines, reason = "one table")]
    fn faults_are_named() {
        let fine = field(FieldTest::IsNull);
        let nested = |inner| Condition::Nested {
            path: PayloadPath::key("a"),
            filter: Box::new(Filter::must(inner)),
        };
        let deep = (0..100).fold(fine.clone(), |inner, _| {
            Condition::Filter(Box::new(Filter::must(inner)))
        });
        let square = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 0.0)];
        let many: Vec<(f64, f64)> = std::iter::repeat_n((0.0, 0.0), 20_000).collect();
        let text = Text::Phrase("a ".repeat(500_000));
        let range = Bounds {
            lt: Some(f64::NAN),
            ..Bounds::default()
        };
        let table = [
            (radius(place(0.0, 91.0), 1.0), "geo_radius.center.lat: must lie"),
            (
                radius(place(f64::NAN, 0.0), 1.0),
                "geo_radius.center.lon: must lie",
            ),
            (radius(place(0.0, 0.0), -1.0), "geo_radius.radius: must be"),
            (
                radius(place(0.0, 0.0), f64::INFINITY),
                "geo_radius.radius: must be",
            ),
            (
                field(FieldTest::GeoBoundingBox {
                    top_left: place(0.0, 0.0),
                    bottom_right: place(200.0, 0.0),
                }),
                "geo_bounding_box.bottom_right.lon: must lie",
            ),
            (
                polygon(&square[..3], &square),
                "geo_polygon.exterior.points: a ring",
            ),
            (
                polygon(&square, &[(0.0, -91.0)]),
                "geo_polygon.interiors[0].points[0].lat: must lie",
            ),
            (polygon(&many, &square), "geo_polygon: 20004 is above the limit"),
            (
                field(FieldTest::Text(text)),
                "match.phrase: 1000000 is above the limit",
            ),
            (field(FieldTest::Range(range)), "range.lt: must be a number"),
            (
                field(FieldTest::MatchAny(vec![crate::Match::Bool(true); 100_001])),
                "match.any: 100001 is above the limit 100000 (filter_values_max)",
            ),
            (
                nested(Condition::HasId(vec![])),
                "nested.filter.must[0].has_id: asks for a point",
            ),
            (
                nested(Condition::HasVector(String::new())),
                "nested.filter.must[0].has_vector: asks for a point",
            ),
        ];
        for (condition, message) in table {
            let filter = Filter {
                must_not: vec![fine.clone(), condition],
                ..Filter::default()
            };
            let error = filter.validate(&Limits::default()).unwrap_err().to_string();
            let wanted = format!("filter.must_not[1].{message}");
            assert!(error.starts_with(&wanted), "{error}\n{wanted}");
        }
        for good in [
            nested(fine.clone()),
            radius(place(180.0, -90.0), 0.0),
            polygon(&square, &square),
        ] {
            assert_eq!(Filter::must(good).validate(&Limits::default()), Ok(()));
        }

        let error = Filter::must(deep).validate(&Limits::default()).unwrap_err();
        assert_eq!(error.field, format!("filter{}", ".must[0]".repeat(32)));
        let wide = Filter {
            should: vec![fine.clone(); 10_000],
            ..Filter::default()
        };
        let error = wide.validate_at("condition", &Limits::default()).unwrap_err();
        assert_eq!(error.field, "condition.should[4096]");
        let none = Filter {
            min_should: Some(MinShould {
                conditions: vec![fine],
                min_count: 0,
            }),
            ..Filter::default()
        };
        let error = none.validate(&Limits::default()).unwrap_err();
        assert_eq!(error.field, "filter.min_should.min_count");
    }
}
