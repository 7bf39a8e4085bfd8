//! Other names of collections: changed all at once, found wherever a collection is named. Never another name's owner:
//! a name is a collection's or an alias, not both.

use std::collections::BTreeMap;

use ruvector_storage::Catalog;
use ruvector_types::AliasAction;

use crate::database::{NameMap, closed};
use crate::{Database, Error, ErrorKind};

impl Database {
    /// Carries out all actions in their order, or none; durable on return. They become visible as one: whoever asks for a
    /// name meanwhile finds what it stood for before or what it stands for after, never anything between.
    pub fn change_aliases(&self, actions: &[AliasAction]) -> Result<(), Error> {
        let mut slot = self.catalog();
        let mut next = slot.clone().ok_or_else(closed)?;
        for action in actions {
            self.carry_out(action, &mut next)?;
        }
        let before = slot.as_ref().map(|catalog| &catalog.aliases);
        if before == Some(&next.aliases) {
            return Ok(());
        }
        next.generation += 1;
        self.store(&next)?;
        let aliases = by_name(&next);
        *slot = Some(next);
        self.names().write().aliases = aliases;
        Ok(())
    }

    /// All aliases, sorted, each with the name of its collection.
    pub fn aliases(&self) -> BTreeMap<String, String> {
        self.names().read().aliases.clone()
    }

    /// The aliases of a collection, sorted; none if there is no such collection.
    pub fn aliases_of(&self, collection: &str) -> Vec<String> {
        let names = self.names().read();
        let of = |(alias, name): (&String, &String)| (name == collection).then(|| alias.clone());
        names.aliases.iter().filter_map(of).collect()
    }

    fn carry_out(&self, action: &AliasAction, next: &mut Catalog) -> Result<(), Error> {
        match action {
            AliasAction::Create { alias, collection } => {
                self.check_name(alias, "alias_name")?;
                let entry = next.collections.iter().find(|entry| entry.name == *collection);
                let id = entry.ok_or_else(|| Error::not_found(collection))?.id;
                refuse_collection(alias, next)?;
                next.aliases.insert(alias.clone(), id);
            }
            AliasAction::Delete { alias } => drop(next.aliases.remove(alias)),
            AliasAction::Rename { from, to } => {
                self.check_name(to, "new_alias_name")?;
                refuse_collection(to, next)?;
                let id = next.aliases.remove(from).ok_or_else(|| {
                    let text = format!("Alias `{from}` doesn't exist!");
                    Error::new(ErrorKind::NotFound, "alias_not_found", text)
                })?;
                next.aliases.insert(to.clone(), id);
            }
        }
        let limit = self.limits().collections_max;
        if next.aliases.len() > limit {
            let text = format!("{limit} aliases are the limit (collections_max)");
            return Err(Error::new(ErrorKind::LimitExceeded, "collections_max", text));
        }
        Ok(())
    }
}

impl NameMap {
    /// The name of the collection that `name` stands for: its own, or what an alias says.
    pub(crate) fn resolve<'a>(&'a self, name: &'a str) -> &'a str {
        self.aliases.get(name).map_or(name, String::as_str)
    }
}

/// The aliases of a catalog with the names of their collections.
pub(crate) fn by_name(catalog: &Catalog) -> BTreeMap<String, String> {
    let names: BTreeMap<u64, &String> = catalog
        .collections
        .iter()
        .map(|entry| (entry.id, &entry.name))
        .collect();
    let aliases = catalog.aliases.iter();
    aliases
        .filter_map(|(alias, id)| Some((alias.clone(), (*names.get(id)?).clone())))
        .collect()
}

/// Refuses a new alias that is a collection's name.
fn refuse_collection(alias: &str, catalog: &Catalog) -> Result<(), Error> {
    if catalog.collections.iter().any(|entry| entry.name == alias) {
        return Err(Error::exists(alias));
    }
    Ok(())
}
