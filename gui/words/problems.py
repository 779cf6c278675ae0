# SPDX-License-Identifier: Apache-2.0
"""What went wrong and what to do, one title and hint per leaf of the error tree."""

from __future__ import annotations

from typing import Final

__all__ = ["TEXTS"]

_ROWS: Final = (
    (
        "NoCase",
        "Aucun dossier n’est choisi.",
        "No case is chosen.",
        "Choisissez-en un dans la liste, ou déposez-le sur la fenêtre.",
        "Choose one from the list, or drop it on the window.",
    ),
    (
        "NoOperator",
        "Aucun opérateur n’est choisi.",
        "No operator is chosen.",
        "Choisissez votre nom. S’il n’y est pas : relecture operator new",
        "Choose your name. If it is missing: relecture operator new",
    ),
    (
        "NoPassphrase",
        "La phrase secrète manque.",
        "The passphrase is missing.",
        "Tapez celle de l’opérateur choisi.",
        "Type that of the chosen operator.",
    ),
    (
        "UsageProblem",
        "Il manque une indication.",
        "Something is missing.",
        "Complétez les champs, l’objet de la recherche en particulier.",
        "Fill in the fields, the purpose of the search in particular.",
    ),
    (
        "UnreadableInput",
        "Ce dossier ou ce fichier ne peut pas être lu.",
        "This folder or file cannot be read.",
        "Vérifiez que le support est branché et que ce dossier est bien celui d’une procédure (il contient case.json).",
        "Check that the medium is plugged in and that the folder is a case (it holds case.json).",
    ),
    (
        "NotFootage",
        "Ce fichier n’est pas une vidéo lisible.",
        "This file is not a video that can be read.",
        "Vérifiez l’original remis par l’exploitant.",
        "Check the original as delivered.",
    ),
    (
        "OutOfScope",
        "Cette caméra ou cette période est hors de la réquisition.",
        "This camera or period is outside the réquisition.",
        "Il faut une réquisition complémentaire.",
        "A complementary réquisition is needed.",
    ),
    (
        "BadRequisition",
        "La réquisition est incomplète ou contradictoire.",
        "The réquisition is incomplete or contradictory.",
        "Corrigez le fichier de réquisition, puis recommencez.",
        "Correct the requisition file, then try again.",
    ),
    (
        "UnknownReference",
        "Cet élément n’existe pas dans le dossier.",
        "The case has no such thing.",
        "Relancez la recherche : la liste a pu changer.",
        "Search again: the list may have changed.",
    ),
    (
        "AlreadyThere",
        "Un fichier de ce nom existe déjà ; rien n’est écrasé.",
        "A file of that name exists; nothing is overwritten.",
        "Choisissez un autre nom.",
        "Choose another name.",
    ),
    (
        "NotAllowed",
        "Cet acte n’est pas permis.",
        "This act is not allowed.",
        "Le détail nomme la règle : habilitation, réquisition, délai ou décision contraire.",
        "The detail names the rule: empowerment, réquisition, deadline or contrary decision.",
    ),
    (
        "Tampered",
        "Le dossier ne se vérifie pas : une pièce ou le journal a été modifié.",
        "The case does not verify: an item or the log was altered.",
        "N’allez pas plus loin. Lancez « relecture verify » et conservez le dossier en l’état.",
        "Go no further. Run “relecture verify” and keep the case as it is.",
    ),
    (
        "StoreProblem",
        "Le dossier ne peut pas être lu ou écrit.",
        "The case cannot be read or written.",
        "Vérifiez l’espace libre, les droits et le support.",
        "Check free space, rights and the medium.",
    ),
    (
        "CaseBusy",
        "Le dossier est ouvert ailleurs en écriture.",
        "The case is open for writing elsewhere.",
        "Fermez l’autre fenêtre ou attendez la fin de l’indexation, puis recommencez.",
        "Close the other window or wait for the indexing to end, then try again.",
    ),
    (
        "WrongKey",
        "La phrase secrète n’ouvre pas ce dossier.",
        "The passphrase does not open this case.",
        "Vérifiez l’opérateur choisi et le verrouillage des majuscules, puis retapez-la.",
        "Check the chosen operator and caps lock, then type it again.",
    ),
    (
        "ModelProblem",
        "Un modèle manque, a été modifié ou n’est pas au registre.",
        "A model is missing, altered or not in the registry.",
        "Lancez « relecture models check ».",
        "Run “relecture models check”.",
    ),
    (
        "ToolMissing",
        "Il manque un programme à cet ordinateur.",
        "This computer lacks a program.",
        "Le détail dit lequel.",
        "The detail says which.",
    ),
    (
        "Defect",
        "Relecture a rencontré une erreur interne.",
        "Relecture met an error of its own.",
        "Rien n’a été perdu. Signalez le détail ci-dessous avec la version.",
        "Nothing was lost. Report the detail below with the version.",
    ),
    (
        "Other",
        "L’acte n’a pas pu se faire.",
        "The act could not be done.",
        "Lisez le détail.",
        "Read the detail.",
    ),
)

TEXTS: Final = tuple(
    text
    for kind, title_fr, title_en, hint_fr, hint_en in _ROWS
    for text in ((f"problem.{kind}.title", title_fr, title_en), (f"problem.{kind}.hint", hint_fr, hint_en))
)
"""(key, French, English)."""
