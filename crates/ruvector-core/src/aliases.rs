//! Other names of collections: changed all at once, found wherever a collection is named. Never another name's owner:
//! a name is a collection's or an alias, not both.

use std::collections::{BTreeMap, HashMap};

use ruvector_storage::Catalog;
use ruvector_types::AliasAction;

use crate::database::{NameMap, closed};
use crate::{Database, Error, ErrorKind};

impl Database {
    /// Carries out all actions in their order, or none; durable on return. They become visible as one: whoever asks for a
    /// name meanwhile finds what it stood for before or what it stands for after, never anything between.
    pub fn change_aliases(&self, actions: &[AliasAction]) -> Result<(), Error> {
        let mut slot = self.catalog();
        let catalog = slot.as_ref().ok_or_else(closed)?;
        let mut draft = Draft {
            database: self,
            collections: ids(catalog),
            aliases: catalog.aliases.clone(),
        };
        for action in actions {
            draft.carry_out(action)?;
        }
        let aliases = draft.aliases;
        if aliases == catalog.aliases {
            return Ok(());
        }
        let next = Catalog {
            aliases,
            generation: catalog.generation + 1,
            ..catalog.clone()
        };
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
}

/// Aliases that are being changed.
struct Draft<'a> {
    database: &'a Database,
    collections: HashMap<&'a str, u64>,
    aliases: BTreeMap<String, u64>,
}

impl Draft<'_> {
    fn carry_out(&mut self, action: &AliasAction) -> Result<(), Error> {
        match action {
            AliasAction::Create { alias, collection } => {
                self.database.check_name(alias, "alias_name")?;
                let id = self.collections.get(collection.as_str());
                let id = *id.ok_or_else(|| Error::not_found(collection))?;
                self.refuse_collection(alias)?;
                self.check_room(alias)?;
                self.aliases.insert(alias.clone(), id);
            }
            AliasAction::Delete { alias } => drop(self.aliases.remove(alias)),
            AliasAction::Rename { from, to } => {
                self.database.check_name(to, "new_alias_name")?;
                self.refuse_collection(to)?;
                let id = self.aliases.remove(from).ok_or_else(|| {
                    let text = format!("Alias `{from}` doesn't exist!");
                    Error::new(ErrorKind::NotFound, "alias_not_found", text)
                })?;
                self.aliases.insert(to.clone(), id);
            }
        }
        Ok(())
    }

    /// Refuses a new alias that is a collection's name.
    fn refuse_collection(&self, alias: &str) -> Result<(), Error> {
        match self.collections.contains_key(alias) {
            true => Err(Error::exists(alias)),
            false => Ok(()),
        }
    }

    /// Refuses one alias more than there may be. Those that are there may be moved and deleted, however many they are.
    fn check_room(&self, alias: &str) -> Result<(), Error> {
        let limit = self.database.limits().aliases_max;
        if self.aliases.len() < limit || self.aliases.contains_key(alias) {
            return Ok(());
        }
        let text = format!("{limit} aliases are the limit (aliases_max)");
        Err(Error::new(ErrorKind::LimitExceeded, "aliases_max", text))
    }
}

/// The collections of a catalog by name.
fn ids(catalog: &Catalog) -> HashMap<&str, u64> {
    let entries = catalog.collections.iter();
    entries.map(|entry| (entry.name.as_str(), entry.id)).collect()
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
