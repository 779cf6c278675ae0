# SPDX-License-Identifier: Apache-2.0
"""Which nets run together: chosen by profile out of what is on this machine, named and hashed for the index.

A worker process calls :func:`load_model_set` itself: sessions are never pickled, the recipe is the profile's name.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from models.appearance import AppearanceEncoder
from models.attributes import PersonAttributeNet
from models.classifier import CropClassifier
from models.colour import ALGORITHM_ID as COLOUR_ID
from models.detectors.composite import CompositeDetector, Member
from models.detectors.nanodet import NanodetDetector
from models.detectors.protocol import Detector
from models.detectors.pvb import PvbDetector
from models.detectors.rtmdet import RtmdetPersonDetector
from models.detectors.transformer import TransformerDetector
from models.detectors.walkers import WalkerFinder
from models.detectors.yolox import YoloxDetector
from models.garments import GarmentFinder
from models.makes import VehicleMakeNet
from models.registry import Registry, RegistryEntry
from models.roles import Role
from models.runtime import Device, Net, engine_id
from models.selfcheck import require_sound_registry

__all__ = ["PROFILES", "ModelSet", "Profile", "load_detector", "load_model_set"]

Profile = Literal["fast", "standard", "exhaustive"]
PROFILES: Final[tuple[Profile, ...]] = ("fast", "standard", "exhaustive")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSet:
    """The nets of one run. A net that is listed but has no part in a run is not in it: the record must be true.

    Attributes:
        profile: What was asked for.
        detector: None when no detector is imported: then motion alone proposes objects.
        classifier: Names what motion or a detector cut out; ships with the program.
        person_attributes: None when not imported.
        appearance: Encodes clothing and vehicles; ships with the program; None when left out.
        walkers: Cuts what moves into walkers where no detector is imported; ships with the program; None when not used.
        garments: Finds the garments of a person, for their colours; ships with the program; None when left out.
        makes: Ranks makes of vehicles; None when no net of that role is imported.
        ids: ``name@version`` of every net and every method of ours that proposes something, sorted.
        digest: Hex SHA-256 over names, versions and file digests: equal sets give equal digests on any machine.
        engine: What computes, with its version and device.
    """

    profile: Profile
    detector: Detector | None
    classifier: CropClassifier
    person_attributes: PersonAttributeNet | None
    appearance: AppearanceEncoder | None
    ids: tuple[str, ...]
    digest: str
    engine: str
    walkers: WalkerFinder | None = None
    garments: GarmentFinder | None = None
    makes: VehicleMakeNet | None = None

    @property
    def runs_on_card(self) -> bool:
        """True when a graphics card computes one of the nets."""
        return self.engine.endswith("+cuda")


def _pvb(net: Net, model_id: str) -> Detector:
    return PvbDetector(net, model_id=model_id)


def _yolox(net: Net, model_id: str) -> Detector:
    return YoloxDetector(net, model_id=model_id, min_score=0.3, max_enlargement=1.0)


def _nanodet(net: Net, model_id: str) -> Detector:
    return NanodetDetector(net, model_id=model_id)


def _rtmdet(long_side_px: int) -> _Build:
    return lambda net, model_id: RtmdetPersonDetector(net, model_id=model_id, long_side_px=long_side_px)


_Build = Callable[[Net, str], Detector]
_Nets = tuple[tuple[str, _Build], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Slot:
    """The first of ``nets`` that is imported looks at one picture in ``every``."""

    nets: _Nets
    every: int = 1
    stays_awake: bool = False


_SURVEILLANCE_SMALL: Final[_Nets] = (
    ("person-vehicle-bike-detection-2000", _pvb),
    ("person-vehicle-bike-detection-2002", _pvb),
)
_SURVEILLANCE_LARGE: Final = _SURVEILLANCE_SMALL[::-1]
_GENERAL_SMALL: Final[_Nets] = (("yolox-nano", _yolox), ("nanodet-plus-m-1.5x", _nanodet))
_GENERAL_LARGE: Final = _GENERAL_SMALL[::-1]
_PERSON: Final = "rtmdet-nano-person"
_PERSON_ONLY: Final = frozenset({"person"})

_SLOTS_BY_PROFILE: Final[dict[Profile, tuple[_Slot, ...]]] = {
    "fast": (_Slot(nets=(*_SURVEILLANCE_SMALL, *_GENERAL_SMALL, (_PERSON, _rtmdet(416)))),),
    "standard": (
        _Slot(nets=((_PERSON, _rtmdet(640)),)),
        _Slot(nets=_SURVEILLANCE_SMALL, every=3, stays_awake=True),
        _Slot(nets=_GENERAL_SMALL, every=3),
    ),
    "exhaustive": (
        # Why: at 960 px it splits a person who fills the picture.
        _Slot(nets=((_PERSON, _rtmdet(832)),)),
        _Slot(nets=_SURVEILLANCE_LARGE),
        _Slot(nets=_SURVEILLANCE_SMALL),
        _Slot(nets=_GENERAL_LARGE),
    ),
}
"""Each slot is filled by the first of its nets that is imported. Order is trust in labels and boxes.

Where the person net is there, the others' persons are not read: on a crowded square they made MOTA .80 and IDF1 .64 of
what is .94 and .91 with the person net alone, because two nets' boxes of one walker are not always taken for one.
The surveillance net looks at every third picture there, and at every one as long as it sees something that is not
where it was: equal tracks on squares without traffic for a third of its looks. Where no person net is there, every
member's persons count and every member looks at every picture. The surveillance net finds all
vehicles (13 ms); the COCO nets alone found 1 of 4 cars seen from above, but distant riders and bags (33 ms, 72 ms).
"""


_BESIDE_OWN: Final[dict[Profile, tuple[_Slot, ...]]] = {
    "fast": (),
    "standard": (_Slot(nets=_SURVEILLANCE_SMALL),),
    "exhaustive": (_Slot(nets=_SURVEILLANCE_LARGE), _Slot(nets=_SURVEILLANCE_SMALL)),
}
"""What looks beside a detector of the unit's own: nets that see vehicles from above, which nets of photographs miss."""


def load_detector(registry: Registry, profile: Profile, *, device: Device = "auto") -> Detector | None:
    """The detector of a profile out of what is imported; None when nothing is.

    Raises:
        ModelProblem: An imported file was altered.
    """
    return _detector(registry, profile, device=device)[0]


def load_model_set(
    profile: Profile = "standard", *, registry: Registry | None = None, device: Device = "auto"
) -> ModelSet:
    """Load what a profile can have on this machine. Takes about a second; call it once a process.

    Raises:
        ModelProblem: The registry lists what the product refuses, an embedded net is missing, or a file was altered.
    """
    registry = registry or Registry.load()
    require_sound_registry(registry)
    detector, used, nets = _detector(registry, profile, device=device)
    classifier = CropClassifier.load(registry)
    appearance = AppearanceEncoder.load(registry)
    garments = GarmentFinder.load(registry)
    used += [registry.entry(classifier.model_id), registry.entry(garments.model_id)]
    walkers = None
    if detector is None and profile != "fast":
        walkers = WalkerFinder.load(registry)
        used.append(registry.entry(WalkerFinder.name))
    persons = None
    if registry.is_present(registry.entry(PersonAttributeNet.name)):
        persons = PersonAttributeNet.load(registry, device=device)
        used.append(registry.entry(PersonAttributeNet.name))
    makes = VehicleMakeNet.load(registry, device=device)
    if makes is not None:
        used.append(registry.entry(makes.model_id))
    methods = (appearance.model_id, COLOUR_ID)
    return ModelSet(
        profile=profile,
        detector=detector,
        classifier=classifier,
        person_attributes=persons,
        appearance=appearance,
        ids=tuple(sorted({*(entry.model_id for entry in used), *methods})),
        digest=digest_of(used, methods=methods),
        engine=engine_id("cuda" if any(net.provider == "cuda" for net in nets) else "cpu"),
        walkers=walkers,
        garments=garments,
        makes=makes,
    )


def digest_of(entries: Sequence[RegistryEntry], *, methods: Sequence[str] = ()) -> str:
    """Hex SHA-256 over the sorted lines ``name@version sha256`` of nets and ``name@version`` of methods."""
    lines = [f"{entry.model_id} {entry.sha256}\n" for entry in entries] + [f"{method}\n" for method in methods]
    return hashlib.sha256("".join(sorted(lines)).encode()).hexdigest()


def _detector(
    registry: Registry, profile: Profile, *, device: Device
) -> tuple[Detector | None, list[RegistryEntry], list[Net]]:
    members: list[Member] = []
    used: list[RegistryEntry] = []
    nets: list[Net] = []
    own = _own_detector(registry, profile, device=device)
    if own is not None:
        entry, net = own
        members.append(Member(detector=TransformerDetector(net, model_id=entry.model_id, classes=entry.classes)))
        used.append(entry)
        nets.append(net)
    for slot in _BESIDE_OWN[profile] if own else _SLOTS_BY_PROFILE[profile]:
        for name, build in slot.nets:
            entry = registry.entry(name)
            if entry not in used and registry.is_present(entry):
                nets.append(registry.open(name, device=device))
                is_second = bool(used) and (own is not None or used[0].name == _PERSON)
                members.append(
                    Member(
                        detector=build(nets[-1], entry.model_id),
                        leaves_out=_PERSON_ONLY if is_second else frozenset(),
                        every=slot.every if is_second else 1,
                        stays_awake=slot.stays_awake and is_second,
                    )
                )
                used.append(entry)
                break
    return (CompositeDetector(members) if members else None), used, nets


def _own_detector(registry: Registry, profile: Profile, *, device: Device) -> tuple[RegistryEntry, Net] | None:
    """The first detector that the unit listed, by name: always for ``exhaustive``, else only where a GPU runs it.

    Such a net takes a third of a second or more of a processor for one picture; ``standard`` could not keep up.
    """
    for entry in registry.of_role(Role.DETECTOR):
        if entry.is_local and registry.is_present(entry):
            net = registry.open(entry.name, device=device)
            return (entry, net) if profile == "exhaustive" or net.provider == "cuda" else None
    return None
