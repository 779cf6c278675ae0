# SPDX-License-Identifier: Apache-2.0
"""Texts of the dialog that a synopsis is chosen in."""

from __future__ import annotations

from typing import Final

__all__ = ["TEXTS"]

TEXTS: Final = (
    ("synopsis.title", "Synopsis", "Synopsis"),
    ("synopsis.ok", "Choisir où l’écrire…", "Choose where to write it…"),
    ("synopsis.again", "Voir ce que cela donne", "See what that gives"),
    (
        "synopsis.length",
        "Le film durera {length} s : {n} propositions, pour {footage} s d’enregistrement.",
        "The film will last {length} s: {n} propositions, out of {footage} s of footage.",
    ),
    (
        "synopsis.bound",
        "Avec {density} objets à la fois, aucun film de ces propositions ne peut durer moins de {bound} s. "
        "Filtrer davantage le raccourcit.",
        "With {density} objects at once, no film of these propositions can be shorter than {bound} s. "
        "Filtering further shortens it.",
    ),
    (
        "synopsis.missed",
        "{wanted} s ne peuvent être tenues : le plus court est ci-dessus.",
        "{wanted} s cannot be kept: the shortest is above.",
    ),
    ("synopsis.set", "Montré : la liste, filtrée. {filters}", "Shown: the list, filtered. {filters}"),
    ("synopsis.filter", "{name} : {values}", "{name}: {values}"),
    ("synopsis.set.all", "Montré : toute la liste, sans filtre.", "Shown: the whole list, without a filter."),
    ("synopsis.left_out", "Laissé de côté ou coupé", "Left out or cut"),
    (
        "synopsis.still",
        "Non montré : {track}, immobile de {start} à {end} ({duration} s).",
        "Left out: {track}, still from {start} to {end} ({duration} s).",
    ),
    (
        "synopsis.others",
        "Hors de la liste, donc non montrés : {n} autres objets de ces enregistrements.",
        "Not in the list, hence not shown: {n} other objects of these recordings.",
    ),
    ("synopsis.wanted", "Durée voulue", "Wanted length"),
    ("synopsis.density", "Objets à la fois", "Objects at once"),
    ("synopsis.split", "Couper les présences de plus de", "Cut stays longer than"),
    ("synopsis.order", "Ordre", "Order"),
    ("synopsis.arrangement", "Caméras", "Cameras"),
    ("synopsis.free", "libre", "free"),
    ("synopsis.never", "jamais", "never"),
    ("synopsis.order.balanced", "à peu près celui des faits", "about that of the events"),
    ("synopsis.order.chronological", "chronologique", "chronological"),
    ("synopsis.order.free", "libre, le plus court", "free, the shortest"),
    ("synopsis.arrangement.side", "côte à côte", "side by side"),
    ("synopsis.arrangement.sequence", "l’une après l’autre", "one after another"),
    ("synopsis.never_overlaps", "Aucun objet n’en recouvre un autre", "No object covers another"),
    (
        "synopsis.keeps_still",
        "Montrer aussi les véhicules immobiles aussi longtemps qu’ils le sont",
        "Show standing vehicles too, for as long as they stand",
    ),
    (
        "synopsis.unmask",
        "Démasquer têtes et plaques des propositions validées (motif consigné) :",
        "Unmask heads and plates of validated propositions (reason logged):",
    ),
    ("synopsis.beside", "À écrire à côté du film", "To be written beside the film"),
    (
        "synopsis.forward",
        "Avance rapide : images natives entières, passages immobiles sautés ; une image sur",
        "Fast-forward: whole native frames, still passages skipped; one frame in",
    ),
    (
        "synopsis.layers",
        "Calques : trajets, passages, présence, tranches horaires",
        "Layers: paths, heat, dwell, hourly strips",
    ),
    (
        "synopsis.pieces",
        "En morceaux côte à côte : {track}, coupé à {times}.",
        "In pieces side by side: {track}, cut at {times}.",
    ),
    ("synopsis.meeting", " Une rencontre est coupée.", " A meeting is cut."),
    ("synopsis.nothing", "Rien n’est laissé de côté.", "Nothing is left out."),
)
"""(key, French, English)."""
