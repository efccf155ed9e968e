use super::*;
use crate::world::streams::Streams;

fn disk() -> Disk {
    seeded(1)
}

fn seeded(seed: u64) -> Disk {
    let stream = |name| Streams::new(seed).stream(&[name]);
    Disk::new(Quantiles::constant(Duration::from_nanos(100)), None, stream("disk"), stream("tails"))
}

#[test]
fn a_sync_takes_its_latency_and_the_time_for_what_no_other_sync_writes() {
    let mut disk = Disk { bandwidth: Some(10_000_000), ..disk() };
    disk.append("log", &[1; 10]).unwrap();
    let first = disk.begin_sync(SimTime(0), &["log"]);
    disk.append("log", &[1; 5]).unwrap();
    let second = disk.begin_sync(SimTime(0), &["log"]);
    assert_eq!(
        [first.done, second.done],
        [SimTime(1_100), SimTime(1_600)],
        "the second moves its bytes while the first flushes"
    );
    wrong(&mut disk, DiskHarm::Slow(3));
    disk.append("log", &[1; 10]).unwrap();
    assert_eq!(disk.begin_sync(SimTime(2_000), &["log"]).done, SimTime(5_300));
    disk.crash(Tail::Lost);
    disk.append("log", &[1; 1]).unwrap();
    assert_eq!(disk.begin_sync(SimTime(10_000), &["log"]).done, SimTime(10_600));
}

#[test]
fn a_replacement_takes_the_time_for_all_that_it_holds() {
    let mut disk = Disk { bandwidth: Some(10_000_000), ..disk() };
    let replace = disk.begin_replace(SimTime(0), "log", vec![1; 20]);
    assert_eq!(replace.sync.done, SimTime(2_100));
    disk.end_replace(replace).unwrap();
    assert_eq!(disk.begin_sync(SimTime(5_000), &["log"]).done, SimTime(5_100), "all of it is there");
}

fn wrong(disk: &mut Disk, harm: DiskHarm) -> HarmId {
    disk.harm(harm, Box::new(|| {}))
}

#[test]
fn a_crash_loses_exactly_what_was_not_synced() {
    let mut disk = disk();
    disk.append("log", b"one").unwrap();
    let sync = disk.begin_sync(SimTime(0), &["log"]);
    disk.append("log", b"two").unwrap();
    disk.end_sync(&sync).unwrap();
    assert_eq!(disk.read("log").unwrap(), b"onetwo");
    disk.crash(Tail::Lost);
    assert_eq!(disk.read("log").unwrap(), b"one");
}

#[test]
fn a_sync_that_is_not_done_saves_nothing() {
    let mut disk = disk();
    disk.append("log", b"one").unwrap();
    let _under_way = disk.begin_sync(SimTime(0), &["log"]);
    disk.crash(Tail::Lost);
    assert_eq!(disk.read("log").unwrap(), b"");
}

#[test]
fn a_crash_in_the_middle_of_a_replacement_leaves_the_old_content_and_after_it_the_new() {
    let mut disk = disk();
    disk.append("log", b"old").unwrap();
    let sync = disk.begin_sync(SimTime(0), &["log"]);
    disk.end_sync(&sync).unwrap();
    let replace = disk.begin_replace(SimTime(100), "log", b"new".to_vec());
    assert_eq!(replace.sync.done, SimTime(200));
    disk.crash(Tail::Lost);
    assert_eq!(disk.read("log").unwrap(), b"old");
    disk.end_replace(replace).unwrap();
    disk.crash(Tail::Lost);
    assert_eq!(disk.read("log").unwrap(), b"new");
}

#[test]
fn what_was_begun_first_need_not_end_first_and_what_ends_has_saved_all_that_was_there_when_it_began() {
    let fsync = Quantiles::per_mille(&[(0, Duration::from_nanos(50)), (1_000, Duration::from_nanos(500))]);
    let overtakes = |seed| {
        let mut disk = Disk { fsync: fsync.clone(), bandwidth: Some(1_000_000_000), ..seeded(seed) };
        disk.append("log", b"one").unwrap();
        let first = disk.begin_sync(SimTime(0), &["log"]);
        disk.append("log", b"two").unwrap();
        let second = disk.begin_sync(SimTime(20), &["log"]);
        if second.done < first.done {
            disk.end_sync(&second).unwrap();
            disk.crash(Tail::Lost);
            assert_eq!(disk.read("log").unwrap(), b"onetwo");
        }
        second.done < first.done
    };
    let times = (0..100).filter(|seed| overtakes(*seed)).count();
    assert!((30..60).contains(&times), "{times}");
}

#[test]
fn what_overtakes_a_sync_that_fails_saves_nothing_of_what_that_was_to_save() {
    let mut disk = pending(1, 10);
    let failing = wrong(&mut disk, DiskHarm::Fail(DiskOperation::Sync));
    let first = disk.begin_sync(SimTime(0), &["log"]);
    let _ = disk.mend(SimTime(0), failing);
    disk.append("log", b"two").unwrap();
    let second = disk.begin_sync(SimTime(0), &["log"]);
    assert_eq!((disk.end_sync(&second), disk.end_sync(&first)), (Ok(()), Err(Failed)));
    disk.crash(Tail::Lost);
    assert_eq!(disk.read("log").unwrap().len(), SECTOR);
}

#[test]
fn what_fails_takes_nothing_from_what_was_begun_before_it() {
    let mut disk = pending(1, 10);
    let sound = disk.begin_sync(SimTime(0), &["log"]);
    wrong(&mut disk, DiskHarm::Fail(DiskOperation::Sync));
    disk.append("log", b"two").unwrap();
    let failing = disk.begin_sync(SimTime(0), &["log"]);
    assert_eq!((disk.end_sync(&failing), disk.end_sync(&sound)), (Err(Failed), Ok(())));
    disk.crash(Tail::Lost);
    assert_eq!(disk.read("log").unwrap().len(), SECTOR + 10);
}

/// A disk with a durable sector of ones and `pending` bytes of twos.
fn pending(seed: u64, pending: usize) -> Disk {
    let mut disk = seeded(seed);
    disk.append("log", &[1; SECTOR]).unwrap();
    let sync = disk.begin_sync(SimTime(0), &["log"]);
    disk.end_sync(&sync).unwrap();
    disk.append("log", &vec![2; pending]).unwrap();
    disk
}

#[test]
fn a_torn_tail_is_some_beginning_of_what_was_not_synced() {
    let left = |seed| {
        let mut disk = pending(seed, 10);
        disk.crash(Tail::Torn);
        let content = disk.read("log").unwrap();
        assert!(content.starts_with(&[1; SECTOR]) && content[SECTOR..].iter().all(|byte| *byte == 2));
        content.len() - SECTOR
    };
    let lengths: std::collections::BTreeSet<usize> = (0..200).map(left).collect();
    assert_eq!(lengths.into_iter().collect::<Vec<_>>(), (0..=10).collect::<Vec<_>>());
}

#[test]
fn of_a_scattered_tail_later_sectors_may_be_left_where_earlier_are_not() {
    let hole = |seed| {
        let mut disk = pending(seed, 3 * SECTOR - 7);
        disk.crash(Tail::Scattered);
        let content = disk.read("log").unwrap();
        assert!(content.starts_with(&[1; SECTOR]));
        assert!(content[SECTOR..].chunks(SECTOR).all(|sector| sector.iter().all(|byte| *byte == sector[0])));
        content.get(SECTOR) == Some(&0)
    };
    assert!((0..20).any(hole) && !(0..20).all(hole));
}

#[test]
fn a_process_that_dies_alone_takes_nothing_and_makes_nothing_durable() {
    let mut disk = pending(1, 10);
    disk.crash(Tail::Kept);
    assert_eq!(disk.read("log").unwrap().len(), SECTOR + 10);
    disk.crash(Tail::Lost);
    assert_eq!(disk.read("log").unwrap().len(), SECTOR);
}

#[test]
fn what_a_sync_failed_for_is_never_durable_though_a_later_one_succeeds() {
    let mut disk = pending(1, 10);
    let failing = wrong(&mut disk, DiskHarm::Fail(DiskOperation::Sync));
    let sync = disk.begin_sync(SimTime(0), &["log"]);
    assert_eq!((disk.end_sync(&sync), disk.take_shown().len()), (Err(Failed), 1));
    let _ = disk.mend(SimTime(0), failing);
    let sync = disk.begin_sync(SimTime(0), &["log"]);
    assert_eq!((disk.end_sync(&sync), disk.take_shown().len()), (Ok(()), 0));
    disk.crash(Tail::Lost);
    assert_eq!(disk.read("log").unwrap().len(), SECTOR);
}

#[test]
fn a_full_disk_reads_and_syncs_but_takes_nothing() {
    let mut disk = pending(1, 10);
    wrong(&mut disk, DiskHarm::Full);
    let sync = disk.begin_sync(SimTime(0), &["log"]);
    assert_eq!((disk.end_sync(&sync), disk.take_shown().len()), (Ok(()), 0));
    assert_eq!((disk.append("log", b"x"), disk.take_shown().len()), (Err(Failed), 1));
    assert_eq!((disk.append("log", b"x"), disk.take_shown().len()), (Err(Failed), 0));
    assert_eq!(disk.read("log").unwrap().len(), SECTOR + 10);
}

#[test]
fn syncs_take_as_long_as_a_fault_says() {
    let mut disk = disk();
    wrong(&mut disk, DiskHarm::Slow(20));
    assert_eq!(disk.begin_sync(SimTime(0), &["log"]).done, SimTime(2_000));
    wrong(&mut disk, DiskHarm::Fsync(Duration::from_nanos(7)));
    assert_eq!(disk.begin_sync(SimTime(5_000), &["log"]).done, SimTime(5_007));
    assert_eq!(disk.take_shown().len(), 2);
}

#[test]
fn what_is_under_way_when_a_disk_is_mended_takes_no_longer_than_usual() {
    let mut disk = disk();
    let takes = wrong(&mut disk, DiskHarm::Fsync(Duration::from_nanos(700)));
    let slower = wrong(&mut disk, DiskHarm::Slow(20));
    let [first, second] = [disk.begin_sync(SimTime(0), &["log"]), disk.begin_sync(SimTime(10), &["log"])];
    assert_eq!([first.done, second.done], [SimTime(14_000), SimTime(14_010)]);
    let due = |disk: &Disk| [disk.due(&first), disk.due(&second)];
    let _ = disk.mend(SimTime(50), slower);
    assert_eq!(due(&disk), [SimTime(750), SimTime(750)], "what is wrong still slows them down");
    let third = disk.begin_sync(SimTime(690), &["log"]);
    let _ = disk.mend(SimTime(700), takes);
    assert_eq!(due(&disk), [SimTime(750), SimTime(750)], "what is done sooner so stays so");
    assert_eq!([third.done, disk.due(&third)], [SimTime(1_390), SimTime(800)]);
}

#[test]
fn a_disk_is_busy_while_it_moves_bytes_and_not_for_the_latency_of_its_syncs() {
    let mut disk = Disk { bandwidth: Some(10_000_000), ..disk() };
    let slower = wrong(&mut disk, DiskHarm::Slow(2));
    let busy = |disk: &Disk, at| disk.busy(SimTime(at)).as_nanos();
    for _ in 0..2 {
        disk.append("log", &[1; 10]).unwrap();
        disk.begin_sync(SimTime(0), &["log"]);
    }
    assert_eq!([0, 200, 1_200, 2_200, 2_400, 4_400].map(|at| busy(&disk, at)), [0, 200, 1_200, 2_200, 2_400, 4_000]);
    let _ = disk.mend(SimTime(1_200), slower);
    assert_eq!([1_200, 9_000].map(|at| busy(&disk, at)), [1_200, 3_000], "the second takes half as long");
}

#[test]
fn a_stall_holds_a_sync_until_it_is_over() {
    let mut disk = disk();
    assert!(disk.held().is_none());
    let stall = wrong(&mut disk, DiskHarm::Stall);
    assert_eq!(disk.take_shown().len(), 0);
    assert!(disk.held().is_some());
    assert_eq!(disk.take_shown().len(), 1);
    let _ = disk.mend(SimTime(0), stall);
    assert!(disk.held().is_none());
}

#[test]
fn files_that_are_synced_together_are_durable_together_in_one_flush() {
    let mut disk = Disk { bandwidth: Some(10_000_000), ..disk() };
    disk.append("a", &[1; 10]).unwrap();
    disk.append("b", &[2; 5]).unwrap();
    let sync = disk.begin_sync(SimTime(0), &["a", "b"]);
    disk.append("b", &[3; 5]).unwrap();
    assert_eq!(sync.done, SimTime(1_600), "the bytes of both, and one flush");
    disk.end_sync(&sync).unwrap();
    disk.crash(Tail::Lost);
    assert_eq!([disk.read("a").unwrap().len(), disk.read("b").unwrap().len()], [10, 5]);
}
