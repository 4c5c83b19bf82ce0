//! Rows in a scratch file give the bits of rows in memory.

use std::fs::File;
use std::io::Write;

use tenure_cluster::{ClusterError, Init, KMeans, Metric, RowFile, RowSource, Rows, Silent};

use crate::made::Made;

fn scratch(rows: Rows<'_>) -> RowFile {
    RowFile::spill(&mut { rows }, tempfile::tempfile().expect("a scratch file")).expect("rows are sound")
}

/// The same in a file of the crate's own.
fn mapped(rows: Rows<'_>) -> RowFile {
    RowFile::spill_in(&mut { rows }, &std::env::temp_dir()).expect("rows are sound")
}

/// The same rows in a file that nobody has looked at.
fn opened(rows: Rows<'_>) -> RowFile {
    let mut file = tempfile::tempfile().expect("a scratch file");
    let bytes: Vec<u8> = rows.x.iter().flat_map(|x| x.to_le_bytes()).collect();
    file.write_all(&bytes).expect("room for the rows");
    RowFile::open(file, rows.n_columns).expect("whole rows")
}

#[test]
fn the_bits_are_those_in_memory_whatever_the_threads() {
    let x = Made::new(31).spots(70_001, 5, 8, 3.0, 100.0);
    let weights: Vec<f32> = (0..70_001).map(|i| (i % 4) as f32).collect();
    for init in [Init::KMeansPlusPlus, Init::KMeansParallel { n_rounds: 2 }, Init::Random] {
        let settings = KMeans { n_init: 2, max_iter: 3, init, ..KMeans::new(8) };
        for weights in [None, Some(&weights[..])] {
            let rows = Rows { x: &x, weights, n_columns: 5 };
            let expected = settings.fit(rows).unwrap();
            if weights.is_none() {
                assert_eq!(settings.fit_source(&mut opened(rows), &mut Silent).unwrap(), expected);
            }
            for file in [scratch(rows), mapped(rows)] {
                assert_eq!(file.n_rows(), 70_001);
                for n_threads in [1, 2, 7] {
                    let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
                    let found = pool.install(|| settings.fit_source(&mut &file, &mut Silent)).unwrap();
                    assert_eq!(found, expected, "{:?}, {n_threads} threads", settings.init);
                }
            }
        }
    }
}

#[test]
fn restarts_in_turn_give_the_bits_of_restarts_side_by_side() {
    let x = Made::new(35).spots(30_000, 4, 6, 3.0, 10.0);
    let rows = Rows { x: &x, weights: None, n_columns: 4 };
    for init in [Init::KMeansPlusPlus, Init::KMeansParallel { n_rounds: 2 }, Init::Random] {
        let settings = KMeans { n_init: 5, max_iter: 8, init, ..KMeans::new(7) };
        let expected = settings.fit(rows).unwrap();
        for together in [1, 2, 5] {
            let frugal = KMeans { together, ..settings.clone() };
            assert_eq!(frugal.fit_source(&mut &scratch(rows), &mut Silent).unwrap(), expected, "{together}");
        }
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_told() {
    let x = Made::new(36).spots(300_000, 2, 3, 3.0, 1.0);
    let full = File::options().read(true).write(true).open("/dev/full").unwrap();
    let error = RowFile::spill(&mut Rows { x: &x, weights: None, n_columns: 2 }, full).unwrap_err();
    let ClusterError::Scratch(cause) = error else { panic!("{error}") };
    assert_eq!(cause.kind(), std::io::ErrorKind::StorageFull);
}

#[test]
fn the_first_bad_value_is_told_whichever_thread_finds_one() {
    let mut x = Made::new(33).spots(70_000, 3, 4, 3.0, 1.0);
    (x[3 * 50_000 + 1], x[3 * 65_000]) = (f32::NAN, f32::INFINITY);
    let rows = Rows { x: &x, weights: None, n_columns: 3 };
    let mut file = opened(rows);
    for _ in 0..5 {
        let when_read = KMeans::new(4).fit_source(&mut file, &mut Silent).unwrap_err();
        let when_written = RowFile::spill(&mut { rows }, tempfile::tempfile().unwrap()).unwrap_err();
        for error in [when_read, when_written] {
            assert!(matches!(error, ClusterError::NotFinite { row_idx: 50_000, column_idx: 1, .. }), "{error}");
        }
    }
}

#[test]
fn a_row_without_a_direction_is_told_where_one_is_needed() {
    let mut x = Made::new(34).spots(9000, 2, 4, 3.0, 1.0);
    x[2 * 8500..2 * 8501].fill(0.0);
    let mut file = scratch(Rows { x: &x, weights: None, n_columns: 2 });
    assert!(KMeans::new(3).fit_source(&mut file, &mut Silent).is_ok());
    let directions = KMeans { metric: Metric::Cosine, ..KMeans::new(3) };
    let error = directions.fit_source(&mut file, &mut Silent).unwrap_err();
    assert!(matches!(error, ClusterError::ZeroRow { row_idx: 8500 }), "{error}");
}

#[test]
fn a_visitor_s_error_ends_the_pass() {
    let x = Made::new(32).spots(300_000, 2, 3, 3.0, 1.0);
    let rows = Rows { x: &x, weights: None, n_columns: 2 };
    assert_eq!((&mut &mapped(rows)).gather(&[0, 7, 299_999]).unwrap(), scratch(rows).gather(&[0, 7, 299_999]).unwrap());
    let mut file = scratch(rows);
    let mut n_blocks = 0;
    let error = file.pass(&mut |_| {
        n_blocks += 1;
        Err(ClusterError::NoRows)
    });
    assert!(matches!(error, Err(ClusterError::NoRows)) && n_blocks == 1);
    assert_eq!(file.gather(&[0, 7, 299_999]).unwrap(), [&x[..2], &x[14..16], &x[599_998..]].concat());
}

#[test]
fn a_file_that_is_cut_is_told() {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(&[0; 20]).unwrap();
    let error = RowFile::open(file, 3).unwrap_err();
    assert_eq!(error.to_string(), "20 bytes do not fill rows of 3 columns of 4 bytes each");
    let named = tempfile::NamedTempFile::new().unwrap();
    named.as_file().set_len(4 * 3 * 100).unwrap();
    let mut rows = RowFile::open(File::open(named.path()).unwrap(), 3).unwrap();
    named.as_file().set_len(4 * 3 * 50).unwrap();
    assert!(matches!(rows.pass(&mut |_| Ok(())), Err(ClusterError::Source(_))));
}
