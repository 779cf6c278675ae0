# SPDX-License-Identifier: Apache-2.0
"""French words of the reports for names that are English in data; a name without one is shown as it is."""

from __future__ import annotations

import re
from typing import Final

from models.colour import FRENCH_BY_COLOUR
from review.hits import RANKED, HitAttribute, MadeBy

__all__ = ["french", "french_attribute", "french_correction", "french_method"]

_WORDS: Final = {
    "person": "personne",
    "bicycle": "deux-roues (vélo)",
    "motorcycle": "deux-roues motorisé",
    "car": "voiture",
    "van": "fourgonnette",
    "truck": "camion",
    "bus": "autobus",
    "other": "autre",
    "colour": "couleur",
    "upper_colour": "couleur du haut",
    "lower_colour": "couleur du bas",
    "bag": "bagage",
    "headgear": "couvre-chef",
    "make": "marque",
    "backpack": "sac à dos",
    "handbag": "sac à main",
    "suitcase": "valise",
    "none": "aucun",
    "unknown": "indéterminé",
    "the picture carries no colour (night, infrared or thermal)": (
        "l’image ne porte pas de couleur : nuit, infrarouge ou thermique"
    ),
    "too few pixels": "trop peu de pixels",
    "smaller than 48 px": "véhicule de moins de 48 px",
    "no make stands out": "aucune marque ne se détache",
    "split": "scission",
    "merge": "réunion",
    "validated": "validée",
    "rejected": "rejetée",
    "doubtful": "douteuse",
    "still": "image fixe",
    "clip": "séquence",
    "clock_unknown": "horloge inconnue",
    "clock_proposed": "horloge proposée, à confirmer",
    "no_time_base": "flux sans base de temps",
    "variable_frame_rate": "cadence variable",
    "time_gap": "lacune temporelle",
    "time_backward": "retour en arrière du temps",
    "time_duplicate": "instants en double",
    "header_count_wrong": "nombre d’images annoncé inexact",
    "bytes_unaccounted": "octets non expliqués",
    "corrupt_frames": "images altérées",
    "decode_errors": "erreurs de décodage",
    "size_changes": "changement de définition",
    "several_video_streams": "plusieurs flux vidéo",
    "wrong_demuxer": "conteneur mal reconnu",
    "interlaced": "image entrelacée",
    "rotated": "image tournée",
    "long_gop": "images clés espacées",
    "duplicate_file": "fichier remis deux fois",
    "extension_mismatch": "extension trompeuse",
    "night_or_ir": "nuit ou infrarouge",
    "unusable_period": "période inexploitable",
    "masked_area": "zone masquée",
    "ignored_zone": "zone écartée par un enquêteur",
    "camera_moves": "caméra mobile",
    "several_views": "plusieurs vues",
    "triage_not_trusted": "tri préalable non retenu",
    "triage_audited": "contrôle du tri préalable",
    "card_not_used": "carte graphique non utilisée",
    "scope inside": "couvert par la réquisition",
    "scope partly": "couvert en partie : seules les périodes couvertes ont été analysées",
    "scope time unknown": "horloge inconnue : la période ne peut être établie",
    "scope outside": "hors réquisition",
    "typed": "saisie",
    "file-name": "nom du fichier",
    "container": "conteneur",
    "algorithm of this program": "algorithme du logiciel",
    "detector": "détection",
    "crop_classifier": "classement",
    "clothing_mask": "découpe des vêtements",
    "vehicle_make": "marque de véhicule",
    "person_attributes": "caractères de personnes",
    "vehicle_attributes": "caractères de véhicules",
    "appearance": "ressemblance",
}

_LEAD_IN: Final = re.compile(r"begins (-?[0-9.]+) s before the object")


def french(name: str) -> str:
    """The French word for a name in data.

    >>> french("car"), french("zébré")
    ('voiture', 'zébré')
    """
    return _WORDS.get(name.casefold()) or FRENCH_BY_COLOUR.get(name, name)


def french_attribute(item: HitAttribute, *, model: str = "") -> str:
    """An attribute with its score, or with the reason why nothing is said.

    A make is never one answer: the list is given, to be confirmed.

    >>> french_attribute(HitAttribute(name="colour", value="red", score=0.71, model="palette@1"))
    'couleur rouge (71%)'
    >>> french_attribute(HitAttribute(name="colour", value="unknown", score=0.0, model="m@1", note="too few pixels"))
    'couleur indéterminée (trop peu de pixels)'
    """
    by = f", {model}" if model else ""
    if item.value == "unknown":
        return f"{french(item.name)} indéterminée ({french(item.note) or 'sans motif'}{by})"
    if item.name in RANKED:
        ranked = [f"{french(value)} {score:.0%}" for value, score in [(item.value, item.score), *item.alternatives]]
        return f"{french(item.name)} à confirmer : {' ou '.join(ranked)}" + (f" ({model})" if model else "")
    return f"{french(item.name)} {french(item.value)} ({item.score:.0%}{by})"


def french_correction(made_by: MadeBy) -> str:
    """Which correction by hand made a track, and which ones made what it was made of.

    >>> french_correction(MadeBy(number=2, kind="split", track_ids=("t-1",)))
    'scission n° 2 de t-1'
    """
    told = [
        f"{french(one.kind)} n° {one.number} de {' et de '.join(one.track_ids)}" for one in (made_by, *made_by.earlier)
    ]
    return ", après ".join([told[0], *reversed(told[1:])])


def french_method(method: str) -> str:
    """How an exhibit was made, in French; an unknown method is shown as it is.

    >>> french_method("stream copy, no re-encoding; begins 1.240 s before the object, at a keyframe")
    'copie du flux, sans réencodage ; commence 1,240 s avant l’objet, sur une image clé'
    """
    if method.startswith("stream copy"):
        lead_in = _LEAD_IN.search(method)
        early = lead_in[1].replace(".", ",") if lead_in else ""
        return "copie du flux, sans réencodage" + (
            f" ; commence {early} s avant l’objet, sur une image clé" if early else ""
        )
    if method.startswith("exact frame"):
        return "image exacte, PNG"
    return method
