//! Which conditions of a filter the indexes of a segment answer: for explanations. Never answers any.

use ruvector_types::Step;

use crate::Indexed;
use crate::compile::{Compiled, Level, Nested, Node};

impl Compiled {
    /// Tells `see` of each condition on a field, by the whole path to it, whether an index answers it, at least for some
    /// rows. Cost: as of an estimate.
    pub fn each_field<S: Indexed>(&self, segment: &S, see: &mut dyn FnMut(&[Step], bool)) {
        self.root.each_field(&[], segment, see);
    }
}

impl Level {
    fn nodes(&self) -> impl Iterator<Item = &Node> {
        let at_least = self.min_should.iter().flat_map(|(_, nodes)| nodes);
        let clauses = self.must.iter().chain(&self.should).chain(&self.must_not);
        clauses.chain(at_least)
    }

    /// `array`: the path that leads to an item, inside a nested condition.
    fn each_field<S: Indexed>(&self, array: &[Step], segment: &S, see: &mut dyn FnMut(&[Step], bool)) {
        for node in self.nodes() {
            match node {
                Node::Ids(_) | Node::Vector(_) => {}
                Node::Field(field) if array.is_empty() => {
                    see(&field.steps, field.estimate(segment).is_some());
                }
                // Whether one item passes them all is told by its payload alone.
                Node::Field(field) => see(&[array, &field.steps].concat(), false),
                Node::Nested(nested) => nested.each_field(array, segment, see),
                Node::Level(level) => level.each_field(array, segment, see),
            }
        }
    }
}

impl Nested {
    fn each_field<S: Indexed>(&self, array: &[Step], segment: &S, see: &mut dyn FnMut(&[Step], bool)) {
        let array = [array, &self.steps, &[Step::Each]].concat();
        self.level.each_field(&array, segment, see);
    }
}
