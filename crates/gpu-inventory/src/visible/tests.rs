//! What CUDA takes of its variables.

use super::*;
use crate::bytes::{Bytes, Memory};
use crate::health::Fault;
use crate::inventory::{Failure, PciAddress};
use crate::unit::{UnitKind, child_environment};

/// Three cards alike, with UUIDs that share beginnings.
fn three() -> Inventory {
    let mut inventory = Inventory::describe("3xL4").unwrap();
    for (gpu, uuid) in inventory.devices.iter_mut().zip(["GPU-aa1", "GPU-aa2", "GPU-b3"]) {
        uuid.clone_into(&mut gpu.uuid);
    }
    inventory
}

fn instance(index: u32, uuid: &str) -> MigInstance {
    MigInstance {
        index,
        uuid: uuid.to_owned(),
        name: "NVIDIA L4 MIG 1g.10gb".to_owned(),
        gpu_instance: 7 + index,
        compute_instance: 0,
        memory: Memory::unused(Bytes::from_mib(9984)),
    }
}

/// The first card divided in two, two whole ones.
fn divided() -> Inventory {
    let mut inventory = three();
    inventory.devices[0].mig = Mig::On(vec![instance(0, "MIG-0c7b8d11"), instance(2, "MIG-4be2a6a0")]);
    inventory
}

fn selectors(visibility: &Visibility) -> Vec<&str> {
    visibility.units.iter().map(Unit::cuda_visible_devices).collect()
}

/// The selectors of what is visible, and whether a part of the variable was ignored.
#[track_caller]
fn assert_visible(inventory: &Inventory, variable: &str, expected: &[&str], cut: bool) {
    let visibility = inventory.visibility(Some(variable), DeviceOrder::PciBusId).unwrap();
    assert_eq!(selectors(&visibility), expected, "{variable:?}");
    assert_eq!(visibility.cut.is_some(), cut, "{variable:?}: {visibility:?}");
}

#[test]
fn without_the_variable_everything_is_visible() {
    let all = three().visibility(None, DeviceOrder::FastestFirst).unwrap();
    assert_eq!(selectors(&all), ["0", "1", "2"]);
}

#[test]
fn indices_select_in_their_order_and_end_at_the_first_invalid_one() {
    for (variable, expected, cut) in [
        ("", &[][..], false),
        ("0", &["0"], false),
        ("2,1", &["2", "1"], false),
        (" 1 , 0 ", &["1", "0"], false),
        // The CUDA programming guide's own example.
        ("0,2,-1,1", &["0", "2"], true),
        ("-1", &[], true),
        ("0,3,1", &["0"], true),
        ("0,,1", &["0"], true),
        ("NoDevFiles", &[], true),
        ("none", &[], true),
        ("1gpu2,2ampere", &["1", "2"], false),
        ("+1", &["1"], false),
        ("99999999999999999999999", &[], true),
        ("0,GPU-b3", &["0"], true),
        (",", &[], true),
    ] {
        assert_visible(&three(), variable, expected, cut);
    }
}

#[test]
fn an_entry_that_is_repeated_hides_every_device() {
    for variable in ["0,0", "0,1,+0", "GPU-b,GPU-b", "GPU-b,GPU-b3", "0,9,9"] {
        assert_visible(&three(), variable, &[], true);
    }
    assert_visible(&divided(), "MIG-0c7b8d11,MIG-0c7b8d11", &[], true);
    // The list has ended before the repetition.
    assert_visible(&three(), "0,-1,0", &["0"], true);
}

#[test]
fn a_uuid_may_be_cut_short_as_long_as_it_is_the_only_one() {
    for (variable, expected, cut) in [
        ("GPU-b3", &["2"][..], false),
        ("GPU-b", &["2"], false),
        ("GPU-b,GPU-aa1", &["2", "0"], false),
        ("GPU-aa,GPU-b", &[], true),
        ("GPU-b,GPU-c,GPU-aa1", &["2"], true),
        ("GPU-", &[], true),
        ("GPU-b,0", &["2"], true),
        ("gpu-b3", &[], true),
        ("GPU-b33", &[], true),
    ] {
        assert_visible(&three(), variable, expected, cut);
    }
}

#[test]
fn mig_instances_are_units_of_their_own() {
    let all = divided().visibility(None, DeviceOrder::PciBusId).unwrap();
    // CUDA's indices are in doubt beside MIG, so the whole cards go by UUID too.
    assert_eq!(selectors(&all), ["MIG-0c7b8d11", "MIG-4be2a6a0", "GPU-aa2", "GPU-b3"]);
    let (gpu_instance, compute_instance) = (9, 0);
    assert_eq!(all.units[1].kind, UnitKind::Mig { gpu_instance, compute_instance });
    assert_eq!(all.units[1].memory.total.mib(), 9984);
    assert_eq!(all.units[1].index, 0);
    assert_eq!(all.units[3].kind, UnitKind::Gpu);
}

#[test]
fn a_mig_instance_goes_by_its_whole_name_in_either_form() {
    assert_visible(&divided(), "MIG-4be2a6a0", &["MIG-4be2a6a0"], false);
    assert_visible(&divided(), "MIG-GPU-aa1/9/0", &["MIG-4be2a6a0"], false);
    assert_visible(&divided(), "MIG-GPU-aa1/8/0", &[], true);
    assert_visible(&divided(), "MIG-4be2a6a0,GPU-b3", &["MIG-4be2a6a0"], true);
    assert!(matches!(
        divided().visible(Some("MIG-4b"), DeviceOrder::PciBusId),
        Err(VisibleError::AbbreviatedMig { full, .. }) if full == "MIG-4be2a6a0"
    ));
}

#[test]
fn what_a_divided_card_stands_for_is_not_guessed() {
    assert!(matches!(
        divided().visible(Some("GPU-aa1"), DeviceOrder::PciBusId),
        Err(VisibleError::DividedGpu { index: 0, .. })
    ));
    assert!(matches!(
        divided().visible(Some("1"), DeviceOrder::PciBusId),
        Err(VisibleError::IndexBesideMig { entry: 1, mig: 0 })
    ));
    assert_visible(&divided(), "GPU-b", &["GPU-b3"], false);
}

#[test]
fn a_card_that_is_divided_into_nothing_gives_no_unit() {
    let mut inventory = three();
    inventory.devices[0].mig = Mig::On(Vec::new());
    let units = inventory.visible(None, DeviceOrder::PciBusId).unwrap();
    assert_eq!(units.len(), 2);
}

#[test]
fn cudas_own_order_is_known_only_where_all_cards_are_alike() {
    let alike = three();
    let fastest = DeviceOrder::FastestFirst;
    assert_eq!(alike.visible(Some("1"), fastest).unwrap()[0].index, 1);

    let mixed = Inventory::describe("1xL4+1xH100").unwrap();
    assert_eq!(mixed.visible(Some("1"), fastest), Err(VisibleError::OrderUnknown { entry: 1 }));
    assert_eq!(mixed.visible(Some("-1"), fastest), Ok(Vec::new()));
    assert_eq!(mixed.visible(Some("7"), fastest), Ok(Vec::new()));
    assert_eq!(mixed.visible(None, fastest).unwrap().len(), 2);
    let by_bus = mixed.visible(Some("1"), DeviceOrder::PciBusId).unwrap();
    assert_eq!(by_bus[0].name, "NVIDIA H100 80GB HBM3");
}

#[test]
fn an_index_counts_along_the_bus_even_where_nvml_counts_otherwise() {
    let mut inventory = three();
    for (gpu, bus) in inventory.devices.iter_mut().zip([0x50, 0x10, 0x30]) {
        gpu.pci = Some(PciAddress { domain: 0, bus, device: 0 });
    }
    let first = &inventory.visible(Some("0"), DeviceOrder::PciBusId).unwrap()[0];
    assert_eq!((first.index, first.cuda_visible_devices()), (1, "0"));
}

#[test]
fn an_index_at_or_above_a_failed_device_is_not_guessed() {
    let mut inventory = three();
    inventory.devices.remove(1);
    inventory.failed.push(FailedDevice {
        index: 1,
        mig_index: None,
        uuid: None,
        failure: Failure { call: "nvmlDeviceGetHandleByIndex_v2", reason: "lost".to_owned() },
    });
    assert_visible(&inventory, "0", &["GPU-aa1"], false);
    assert_visible(&inventory, "GPU-b3", &["GPU-b3"], false);
    let refusal = inventory.visible(Some("2"), DeviceOrder::PciBusId).unwrap_err();
    assert!(refusal.to_string().contains("GPU 1: nvmlDeviceGetHandleByIndex_v2: lost"));
    assert_eq!(inventory.visible(None, DeviceOrder::PciBusId).unwrap().len(), 2);
}

#[test]
fn a_faulty_device_counts_and_gives_no_unit() {
    let mut inventory = three();
    inventory.devices[1].health.faults.push(Fault::RowRemapFailed);
    for (variable, expected, unusable) in [
        (None, &["GPU-aa1", "GPU-b3"][..], 1),
        (Some("0,1"), &["GPU-aa1"], 1),
        (Some("2"), &["GPU-b3"], 0),
        (Some("GPU-aa2,GPU-b"), &["GPU-b3"], 1),
    ] {
        let visible = inventory.visibility(variable, DeviceOrder::PciBusId).unwrap();
        assert_eq!((selectors(&visible), visible.unusable.len()), (expected.to_vec(), unusable), "{variable:?}");
        assert_eq!(visible.cut, None);
    }
    assert_eq!(inventory.why_empty(), None);
    for gpu in &mut inventory.devices {
        gpu.health.faults = vec![Fault::UncorrectedEcc { errors: 2 }];
    }
    let why = inventory.why_empty().unwrap();
    assert!(why.starts_with("no GPU that works here: GPU 0: 2 memory errors"), "{why}");
    let mut divided = divided();
    divided.devices[0].health.faults.push(Fault::PagesPendingRetirement);
    assert_visible(&divided, "MIG-0c7b8d11,MIG-4be2a6a0", &[], false);
}

#[test]
fn a_name_that_is_not_here_tells_what_is() {
    let cut = |inventory: Inventory, variable| {
        inventory.visibility(Some(variable), DeviceOrder::PciBusId).unwrap().cut.unwrap()
    };
    let absent = cut(divided(), "MIG-ffff");
    assert!(absent.contains("names no device") && absent.contains("here: MIG-0c7b8d11, MIG-4be2a6a0"), "{absent}");
    assert!(cut(three(), "MIG-ffff").contains("no GPU here has MIG instances"));
    assert!(cut(three(), "GPU-c").contains("here: GPU-aa1, GPU-aa2, GPU-b3"));
    let several = cut(three(), "GPU-aa");
    assert!(several.contains("begins the names of GPU 0, GPU 1") && !several.contains("no device"), "{several}");
}

#[test]
fn why_nothing_is_visible_is_known() {
    let why = |inventory: &Inventory, variable| {
        inventory.visibility(Some(variable), DeviceOrder::PciBusId).unwrap().why_none()
    };
    let mut inventory = three();
    assert_eq!(why(&inventory, "1,9"), None);
    assert!(why(&inventory, "").unwrap().contains("CUDA_VISIBLE_DEVICES is empty"));
    assert!(why(&inventory, "9").unwrap().contains("\"9\""));
    inventory.devices[1].health.faults.push(Fault::RowRemapFailed);
    assert!(why(&inventory, "1").unwrap().starts_with("no visible GPU works: GPU 1: "));
}

#[test]
fn a_name_that_may_be_a_failed_devices_is_not_taken_for_absent() {
    let mut inventory = three();
    let failed = |mig_index, uuid: Option<&str>| FailedDevice {
        index: 7,
        mig_index,
        uuid: uuid.map(str::to_owned),
        failure: Failure { call: "nvmlDeviceGetHandleByIndex_v2", reason: "lost".to_owned() },
    };
    // The failed device, a name, and whether it may be that device's.
    for (device, name, may_be) in [
        (failed(None, None), "GPU-c", true),
        (failed(None, Some("GPU-c4")), "GPU-c", true),
        (failed(None, Some("GPU-d4")), "GPU-c", false),
        (failed(None, None), "GPU-aa", false),
        (failed(None, Some("GPU-d4")), "MIG-1", true),
        (failed(Some(2), Some("MIG-2")), "MIG-1", false),
        (failed(Some(2), None), "MIG-1", true),
        (failed(Some(2), None), "GPU-c", false),
    ] {
        inventory.failed = vec![device.clone()];
        let found = inventory.visibility(Some(name), DeviceOrder::PciBusId);
        assert_eq!(found.is_err(), may_be, "{name} beside {device:?}: {found:?}");
        if let Err(error) = found {
            assert!(error.to_string().contains("GPU 7") && error.to_string().contains("lost"), "{error}");
        }
    }
}

#[test]
fn the_order_variable_has_two_values() {
    assert_eq!(DeviceOrder::from_variable(None), Ok(DeviceOrder::FastestFirst));
    assert_eq!(DeviceOrder::from_variable(Some("PCI_BUS_ID")), Ok(DeviceOrder::PciBusId));
    assert!(DeviceOrder::from_variable(Some("pci_bus_id")).is_err());
}

#[test]
fn a_child_sees_the_units_it_is_given_and_no_others() {
    let units = three().visible(Some("2,0"), DeviceOrder::PciBusId).unwrap();
    let environment = child_environment(&units);
    assert_eq!(environment[0], ("CUDA_VISIBLE_DEVICES", "2,0".to_owned()));
    assert_eq!(environment[1], ("CUDA_DEVICE_ORDER", "PCI_BUS_ID".to_owned()));
    assert_eq!(child_environment(&[])[0].1, "");
}
