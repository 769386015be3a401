//! The GPUs of a machine, as NVML reports them or as a description gives them.
//!
//! An [`Inventory`] says what is there: [`Device`]s with memory, MIG instances and processes, the [`Driver`] or why
//! there is none, and the [`FailedDevice`]s that NVML cannot read. [`Inventory::probe`] asks NVML;
//! [`Inventory::describe`] makes the inventory of a machine that is not here. From either, [`Inventory::visible`]
//! gives the [`Unit`]s that work can be placed on, by CUDA's rules for `CUDA_VISIBLE_DEVICES`, and
//! [`child_environment`] what a child process needs in order to see only some of them.
//!
//! ```
//! use gpu_inventory::{DeviceOrder, Inventory, child_environment};
//!
//! let inventory = Inventory::describe("2xL4+8xH100:79GiB")?;
//! assert_eq!(inventory.devices.len(), 10);
//! assert_eq!(inventory.devices[0].memory.unwrap().total.to_string(), "22.5 GiB");
//!
//! let units = inventory.visible(Some("1,4"), DeviceOrder::PciBusId)?;
//! assert_eq!(units.len(), 2);
//! assert_eq!(child_environment(&units[1..])[0], ("CUDA_VISIBLE_DEVICES", "4".to_owned()));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A device with [`Health::faults`] is among the devices and gives no unit; [`Inventory::unusable`] says why.
//!
//! A machine without a driver is an ordinary answer: an inventory without devices, and the reason. A figure that
//! NVML refuses is never zero: the device is then among [`Inventory::failed`], with the call and its error.
//!
//! [`Inventory::topology`] says what lies between the devices, and [`Inventory::best_linked`] which of them to use
//! together.
//!
//! [`Host`] has the cores and the memory that a process may use beside them.
//!
//! The crate reads no environment variable and knows nothing of tests. [`json`] is the schema for other programs.

mod bytes;
mod cards;
mod describe;
mod health;
mod host;
mod inventory;
pub mod json;
mod model;
mod nvml;
mod owner;
mod topology;
mod unit;
mod visible;

pub use bytes::{Bytes, Memory};
pub use describe::DescribeError;
pub use health::{Fault, Health, Recovery};
pub use host::Host;
pub use inventory::{
    Absence, ComputeCapability, Device, Driver, DriverVersions, FailedDevice, Failure, Inventory, Mig, MigInstance,
    PciAddress, Process,
};
pub use model::is_model;
pub use nvml::{DEFAULT_LIBRARY, InventoryError};
pub use owner::{LONGEST_COMMAND, Owner, OwnerUnknown};
pub use topology::{Link, MOST_GROUPS, Pcie, Topology};
pub use unit::{Unit, UnitKind, child_environment};
pub use visible::{DeviceOrder, Visibility, VisibleError};
