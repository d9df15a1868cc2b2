# SPDX-License-Identifier: GPL-2.0-only
"""The configurations: those that broke before, and those with our options in them."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Tuple

CC = Path(__file__).with_name("cc")
# Kconfig looks for them, which takes a while, and nothing here needs them.
UNUSED = ("RUSTC=false", "BINDGEN=false", "PAHOLE=false")

GCC = "gcc"
CLANG = "clang"
# The oldest clang the kernel takes is younger than Debian's default one.
CLANG_VERSION = "-19"


@dataclass(frozen=True)
class Target:
    """One configuration: allnoconfig and these options, for an architecture and a compiler."""

    name: str
    arch: str
    # What comes before 'gcc', or 'clang'.
    compiler: str
    options: Tuple[str, ...]
    srcarch: str = ""
    # Configurations that differ in few options share objects.
    folder: str = ""

    def make_words(self):
        """What make is told about architecture and compiler."""
        if self.compiler == CLANG:
            return [f"ARCH={self.arch}", f"LLVM={CLANG_VERSION}",
                    f"CC={CC} clang{CLANG_VERSION}", *UNUSED]
        cross = self.compiler.removesuffix(GCC)
        return [f"ARCH={self.arch}", f"CROSS_COMPILE={cross}", f"CC={CC} {cross}gcc", *UNUSED]

    def tools(self):
        """Programs that have to be installed."""
        return [f"clang{CLANG_VERSION}", f"ld.lld{CLANG_VERSION}"] \
            if self.compiler == CLANG else [self.compiler]

    def having(self, suffix, options):
        """The same with more options."""
        return replace(self, name=f"{self.name}{suffix}", folder=self.folder or self.name,
                       options=(*self.options, *options))

    def with_all(self):
        """With all of ours built in."""
        return self.having("+all", [f"{option}=y" for option in ALL_ON])


ALL_ON = ("PCI_LIVEUPDATE", "IOMMUFD_LIVEUPDATE", "IOMMUFD_LIVEUPDATE_KUNIT_TEST",
          "HUGETLB_LIVEUPDATE", "HUGETLB_LIVEUPDATE_KUNIT_TEST", "VFIO_PCI_LIVEUPDATE")

VFIO = ("EXPERT=y", "MMU=y", "PCI=y", "PCI_MSI=y", "VFIO=y", "VFIO_GROUP=y", "VFIO_CONTAINER=y",
        "VFIO_NOIOMMU=y", "VFIO_PCI=y")
IOMMUFD = ("IOMMU_SUPPORT=y", "IOMMUFD=y", "VFIO_DEVICE_CDEV=y")
LIVEUPDATE = ("SHMEM=y", "MEMFD_CREATE=y", "KEXEC_FILE=y", "KEXEC_HANDOVER=y", "LIVEUPDATE=y",
              "LIVEUPDATE_MEMFD=y", "IOMMUFD_NOIOMMU=y", "HUGETLBFS=y")

# Without cmpxchg64 there is no page table for noiommu; groups work all the same.
NO_CMPXCHG64 = (*VFIO, *IOMMUFD, "GENERIC_ATOMIC64=y", "IOMMUFD_NOIOMMU=n", "GENERIC_PT=n")

KNOWN_TROUBLE = (
    Target("sh", "sh", "sh4-linux-gnu-gcc",
           ("CPU_SUBTYPE_SH7785=y", "SH_SH7785LCR=y", *NO_CMPXCHG64)),
    Target("riscv32", "riscv", "riscv64-linux-gnu-gcc",
           ("NONPORTABLE=y", "ARCH_RV32I=y", *NO_CMPXCHG64)),
    Target("i386-no-iommu-support", "i386", GCC,
           (*VFIO, "IOMMU_SUPPORT=n", "IOMMUFD=n", "VFIO_DEVICE_CDEV=n"), srcarch="x86"),
)

COMPLETE = (
    Target("x86_64-gcc", "x86_64", GCC,
           ("64BIT=y", "KUNIT=y", "KUNIT_ALL_TESTS=n", "MODULES=y", "ACPI=y", *VFIO, *IOMMUFD,
            *LIVEUPDATE), srcarch="x86"),
    Target("x86_64-clang", "x86_64", CLANG,
           ("64BIT=y", "KUNIT=y", "KUNIT_ALL_TESTS=n", "MODULES=y", "ACPI=y", *VFIO, *IOMMUFD,
            *LIVEUPDATE), srcarch="x86"),
    Target("arm64-gcc", "arm64", "aarch64-linux-gnu-gcc",
           ("KUNIT=y", "KUNIT_ALL_TESTS=n", "MODULES=y", *VFIO, *IOMMUFD, *LIVEUPDATE)),
    Target("arm64-clang", "arm64", CLANG,
           ("KUNIT=y", "KUNIT_ALL_TESTS=n", "MODULES=y", *VFIO, *IOMMUFD, *LIVEUPDATE)),
)
