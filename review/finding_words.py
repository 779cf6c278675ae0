# SPDX-License-Identifier: Apache-2.0
"""What findings say, in French, for the procès-verbal: the figures stay, the sentence is translated.

The index keeps one English sentence per finding, with its figures in it; a pattern here takes the figures out and puts
them into the French sentence. ``tests/footage/test_finding_words.py`` holds every sentence that the code can say
against this table.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["french_sentence"]

_SENTENCES: Final = (
    # the times of the frames
    (
        "{n} gap(s) in the times; the longest lasts {s} s.",
        "{n} lacune(s) dans les instants ; la plus longue dure {s} s.",
    ),
    (
        "{n} frame(s) carry no time and are not analysed.",
        "{n} image(s) ne portent aucun instant et ne sont pas analysées.",
    ),
    (
        "Frame distance varies ({a} to {b} ms); every time is read from the frame.",
        "L’écart entre images varie ({a} à {b} ms) ; chaque instant est lu sur l’image.",
    ),
    (
        "{n} frame(s) share a time with another; of these only the first is analysed.",
        "{n} image(s) partagent leur instant avec une autre ; seule la première est analysée.",
    ),
    ("{n} frame(s) share a time with another.", "{n} image(s) partagent leur instant avec une autre."),
    (
        "The times jump backward {n} time(s); {m} frame(s) behind a jump are not analysed.",
        "Les instants reviennent en arrière {n} fois ; {m} image(s) situées après un retour ne sont pas analysées.",
    ),
    ("The times jump backward {n} time(s).", "Les instants reviennent en arrière {n} fois."),
    (
        "The stream carries no times: frames are numbered, and no time of day can be sworn to.",
        "Le flux ne porte aucun instant : les images sont numérotées et aucune heure ne peut être attestée.",
    ),
    (
        "{n} of {m} frames carry no time: frames are numbered, and no time of day can be sworn to.",
        "{n} images sur {m} ne portent aucun instant : les images sont numérotées et aucune heure ne peut être "
        "attestée.",
    ),
    (
        "{n} of {m} frames have times that were used before: frames are numbered, and no time of day can be sworn to.",
        "{n} images sur {m} ont un instant déjà employé : les images sont numérotées et aucune heure ne peut être "
        "attestée.",
    ),
    # what the container claims
    (
        "The header claims {a} frames, the file holds {b}.",
        "L’en-tête annonce {a} images, le fichier en contient {b}.",
    ),
    (
        "The header claims {a} s, the pictures last {b} s.",
        "L’en-tête annonce {a} s, les images durent {b} s.",
    ),
    (
        "The file's edit list hides {n} frame(s) that are in it; they are not analysed.",
        "La liste de montage du fichier masque {n} image(s) qu’il contient ; elles ne sont pas analysées.",
    ),
    ("The name ends in nothing, the content is {b}.", "Le nom ne porte aucune extension, le contenu est {b}."),
    ("The name ends in {a}, the content is {b}.", "Le nom se termine par {a}, le contenu est {b}."),
    (
        "Read as {format}: the file's start does not show what it is.",
        "Lu comme {format} : le début du fichier ne dit pas ce qu’il est.",
    ),
    (
        "It holds marks of a DHAV recording (Dahua) whose start is cut off: its times are lost.",
        "Le fichier porte les marques d’un enregistrement DHAV (Dahua) dont le début manque : ses instants sont "
        "perdus.",
    ),
    # damage
    ("{n} packet(s) are marked as damaged.", "{n} paquet(s) sont marqués comme altérés."),
    (
        "The recording begins between two keyframes: its first {n} frame(s) cannot be decoded.",
        "L’enregistrement commence entre deux images clés : ses {n} première(s) image(s) ne peuvent être décodées.",
    ),
    (
        "Reading stumbled at {n} damaged place(s) ({why}); it went on behind them.",
        "La lecture a buté sur {n} endroit(s) altéré(s) (message du décodeur : {why}) ; elle a repris après.",
    ),
    (
        "{n} frame(s) of this stretch are damaged; what they show may be wrong.",
        "{n} image(s) de cette portion sont altérées ; ce qu’elles montrent peut être faux.",
    ),
    (
        "{n} frame(s) of this stretch could not be decoded, so nothing is known of them.",
        "{n} image(s) de cette portion n’ont pu être décodées : rien n’en est connu.",
    ),
    (
        "{n} frame(s) of this stretch carry a time that an earlier one has; they are not analysed.",
        "{n} image(s) de cette portion portent un instant qu’une image précédente porte déjà ; elles ne sont pas "
        "analysées.",
    ),
    (
        "{n} frame(s) of this stretch have another size than the others; they are not analysed.",
        "{n} image(s) de cette portion n’ont pas la définition des autres ; elles ne sont pas analysées.",
    ),
    # what decoded
    (
        "The graphics card was to decode, but the recording is damaged, and a card does not say where it conceals "
        "that: the processor decoded, in one thread.",
        "La carte graphique devait décoder, mais l’enregistrement est altéré et une carte ne dit pas où elle masque "
        "une altération : le processeur a décodé, en un seul fil d’exécution.",
    ),
    (
        "The graphics card was to decode, but it does not decode this stream on this machine: the processor decoded, "
        "in one thread.",
        "La carte graphique devait décoder, mais elle ne décode pas ce flux sur cette machine : le processeur a "
        "décodé, en un seul fil d’exécution.",
    ),
    # bytes
    (
        "The file breaks off: {n} bytes that it announces are missing.",
        "Le fichier est tronqué : il manque {n} octets qu’il annonce.",
    ),
    (
        "{n} recordings are stored one behind the other in this file; only the first is read.",
        "{n} enregistrements se suivent dans ce fichier ; seul le premier est lu.",
    ),
    (
        "{n} bytes lie before the first packet: something else is stored there, or was damaged.",
        "{n} octets précèdent le premier paquet : autre chose y est stocké, ou a été altéré.",
    ),
    (
        "{share}% of the file's bytes belong to its streams, {n} bytes lie behind its end: something else is stored "
        "in it, or was lost.",
        "{share} % des octets du fichier appartiennent à ses flux, {n} octets se trouvent après sa fin : autre chose y "
        "est stocké, ou a été perdu.",
    ),
    (
        "Pieces of the transport stream are missing or altered: its packet counters jump {n} time(s), {k} packet(s) "
        "are marked faulty, {m} bytes are no whole packet.",
        "Il manque des morceaux du flux de transport, ou ils sont altérés : ses compteurs de paquets sautent {n} fois, "
        "{k} paquet(s) sont marqués fautifs, {m} octets ne forment pas un paquet entier.",
    ),
    # pictures
    ("The picture size changes: {sizes}.", "La définition de l’image change : {sizes}."),
    ("{n} video streams; stream {k} is analysed.", "{n} flux vidéo ; le flux {k} est analysé."),
    (
        "The pictures are interlaced; they are shown as coded.",
        "Les images sont entrelacées ; elles sont montrées telles que codées.",
    ),
    (
        "The container asks for a rotation of {n}°; boxes refer to the stored picture.",
        "Le conteneur demande une rotation de {n}° ; les cadres se rapportent à l’image stockée.",
    ),
    (
        "A keyframe every {s} s on average: looking at keyframes alone would miss short passes.",
        "Une image clé toutes les {s} s en moyenne : les seules images clés manqueraient des passages brefs.",
    ),
    # triage and health
    (
        "Keyframes lie up to {s} s apart: everything was decoded, nothing was skipped.",
        "Les images clés sont espacées jusqu’à {s} s : tout a été décodé, rien n’a été écarté.",
    ),
    (
        "{n} groups of pictures were not decoded; {k} drawn by chance were, and {m} held an object: at most {share}% "
        "of all do (95 of 100 draws). Seen at every place tried: {w} x {h} px, {c} grey levels from what is behind, in "
        "view for {s} s.",
        "{n} groupes d’images n’ont pas été décodés ; {k}, tirés au sort, l’ont été, et {m} contenaient un objet : au "
        "plus {share} % de l’ensemble en contiennent (95 tirages sur 100). Vu à chaque endroit essayé : {w} x {h} px, "
        "{c} niveaux de gris d’écart avec le fond, en vue pendant {s} s.",
    ),
    (
        "{n} groups of pictures were not decoded; {k} drawn by chance were, and {m} held an object: at most {share}% "
        "of all do (95 of 100 draws). No size of object was seen at every place tried.",
        "{n} groupes d’images n’ont pas été décodés ; {k}, tirés au sort, l’ont été, et {m} contenaient un objet : au "
        "plus {share} % de l’ensemble en contiennent (95 tirages sur 100). Aucune taille d’objet n’a été vue à chaque "
        "endroit essayé.",
    ),
    (
        "The camera drifts ({a} of {b} px, median); pictures are aligned.",
        "La caméra dérive ({a} px sur {b}, médiane) ; les images sont recalées.",
    ),
    (
        "The camera is turned: view {k} of {n} at {spans} s, compared with its own empty scene.",
        "La caméra est orientée tour à tour : vue {k} sur {n} à {spans} s, comparée à son propre décor vide.",
    ),
    (
        "{share}% of the picture changes on its own (a clock, a branch) and is not watched; it lies within x {x}, "
        "y {y} px.",
        "{share} % de l’image change de soi-même (horloge incrustée, branche) et n’est pas surveillé ; cette zone "
        "s’étend sur x {x}, y {y} px.",
    ),
    (
        "Zone {k} of {n} set aside by an officer: {share}% of the picture is not watched; "
        "its corners are {corners} px.",
        "Zone {k} sur {n} écartée par un enquêteur : {share} % de l’image n’est pas surveillé ; ses sommets sont "
        "{corners} px.",
    ),
    (
        "The pictures carry no colour (night, infrared or thermal): no colour is named.",
        "Les images sont sans couleur (nuit, infrarouge ou thermique) : aucune couleur n’est nommée.",
    ),
    # health of the camera
    *(
        (
            f"{english} for {{n}} s from {{s}} s on: nothing can be concluded there.",
            f"{said} pendant {{n}} s à partir de {{s}} s : rien ne peut en être conclu.",
        )
        for english, said in (
            ("The picture is black", "L’image est noire"),
            ("The picture is overexposed", "L’image est surexposée"),
            ("The picture is of one colour, as without signal", "L’image est d’une seule couleur, comme sans signal"),
            ("The lens is covered", "L’objectif est couvert"),
            ("The picture is out of focus", "L’image est floue"),
            ("The camera shows another view", "La caméra montre une autre vue"),
            (
                "The camera turns, or holds a view too briefly to learn it,",
                "La caméra tourne, ou tient une vue trop brièvement pour l’apprendre,",
            ),
            ("The picture is frozen", "L’image est figée"),
        )
    ),
    # clock
    (
        "No displayed start was given, so no time of day can be sworn to.",
        "Aucune heure affichée au début n’a été saisie : aucune heure ne peut être attestée.",
    ),
    (
        "The frames carry no times, so no time of day can be sworn to.",
        "Les images ne portent pas d’instants : aucune heure ne peut être attestée.",
    ),
    (
        "No displayed start was given, so no time of day can be sworn to. Proposed, not applied: {what}.",
        "Aucune heure affichée au début n’a été saisie : aucune heure ne peut être attestée. Proposé, non appliqué : "
        "{what}.",
    ),
    (
        "The frames carry no times, so no time of day can be sworn to. Proposed, not applied: {what}.",
        "Les images ne portent pas d’instants : aucune heure ne peut être attestée. Proposé, non appliqué : {what}.",
    ),
)

_PHRASES: Final = (
    ("file name says ", "le nom du fichier indique "),
    ("container says ", "le conteneur indique "),
    ("typed for the first frame: ", "saisi pour la première image : "),
    (", then ", ", puis "),
)


def _pattern(sentence: str) -> re.Pattern[str]:
    holes = re.sub(r"\\{(\w+)\\}", r"(?P<\1>.+?)", re.escape(sentence))
    return re.compile(holes, re.DOTALL)


_PATTERNS: Final = tuple((_pattern(english), said) for english, said in _SENTENCES)
_DECIMAL: Final = re.compile(r"-?\d+\.\d+")


def french_sentence(detail: str) -> str | None:
    """The French sentence of a finding's detail, with its own figures; None when no pattern knows it.

    >>> french_sentence("1 gap(s) in the times; the longest lasts 1.045 s.")
    '1 lacune(s) dans les instants ; la plus longue dure 1,045 s.'
    """
    for pattern, said in _PATTERNS:
        match = pattern.fullmatch(detail)
        if match is not None:
            return said.format(**{name: _figure(value) for name, value in match.groupdict().items()})
    return None


def _figure(value: str) -> str:
    """A captured value as a French reader writes it: a lone number takes a decimal comma, known phrases are told."""
    if _DECIMAL.fullmatch(value):
        return value.replace(".", ",")
    for english, said in _PHRASES:
        value = value.replace(english, said)
    return value
