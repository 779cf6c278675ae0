# SPDX-License-Identifier: Apache-2.0
"""Words of the start page."""

from __future__ import annotations

from typing import Final

__all__ = ["TEXTS"]

TEXTS: Final = (
    ("start.title", "Ouvrir un dossier", "Open a case"),
    (
        "start.lead",
        "Chaque consultation, recherche et export est consigné au journal du dossier.",
        "Every consultation, search and export is recorded in the log of the case.",
    ),
    ("start.drop", "Déposez ici le dossier d’une procédure, ou", "Drop the folder of a case here, or"),
    ("start.browse", "Parcourir…", "Browse…"),
    ("start.recent", "Dossiers récents", "Recent cases"),
    ("start.no_case", "Aucun dossier choisi", "No case chosen"),
    ("start.no_case.text", "Choisissez un dossier à gauche.", "Choose a case on the left."),
    ("start.made", "{id} · créé le {moment}", "{id} · made on {moment}"),
    ("start.operator", "Opérateur habilité", "Empowered operator"),
    (
        "start.no_operator",
        "Aucun opérateur sur ce poste. Créez-en un : relecture operator new",
        "No operator on this machine. Make one: relecture operator new",
    ),
    ("start.passphrase", "Phrase secrète", "Passphrase"),
    ("start.passphrase.example", "Jamais enregistrée", "Never stored"),
    ("start.open", "Ouvrir le dossier", "Open the case"),
    ("start.look", "Ouvrir pour consulter seulement", "Open to look only"),
    ("start.opening", "Ouverture…", "Opening…"),
    (
        "start.foot",
        "Usage réservé à une procédure judiciaire déterminée (CPP) ; jamais aux enquêtes administratives. "
        "Les résultats sont des propositions que l’enquêteur vérifie.",
        "For one determined judicial procedure (CPP) only; never for administrative inquiries. "
        "Results are propositions that the officer checks.",
    ),
)
"""(key, French, English)."""
