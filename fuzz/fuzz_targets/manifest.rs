//! Manifests and the catalog: any body is read or refused, and what is read is the same once written.
//! Never touches a file but in memory.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ruvector_io::{Io, MemIo};
use ruvector_storage::{Catalog, Manifest};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(manifest) = Manifest::decode(Manifest::VERSION, 7, bytes) {
        assert_eq!(manifest.generation, 7);
        assert_eq!(manifest.encode(), bytes);
        manifest
            .segments
            .iter()
            .for_each(|segment| drop(segment.file_names()));
        let io = MemIo::new();
        manifest.store(&io, "").expect("memory takes it");
        assert_eq!(Manifest::load(&io, "").expect("just stored"), Some(manifest));
    }
    if let Ok(catalog) = Catalog::decode(Catalog::VERSION, 7, bytes) {
        // Names in any order are read, sorted ones written.
        let written = catalog.encode().expect("fields that were read have numbers");
        let again = Catalog::decode(Catalog::VERSION, 7, &written).expect("written by us");
        assert_eq!(again.encode().expect("likewise"), written);
    }
    for name in ["manifest.00000000000000000007", "catalog.00000000000000000007"] {
        let io = MemIo::new();
        io.create(name)
            .and_then(|file| file.append(bytes))
            .expect("memory takes it");
        let _ = (Manifest::load(&io, ""), Catalog::load(&io, ""));
    }
});
