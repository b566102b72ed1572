"""What invented patients say: words for each intent, wish and symptom, and calls made of them."""

from __future__ import annotations

import random

OPENINGS = ("Good morning, how can I help you?", "Scheduling, what can I do for you?", "Hello, how can I help?")
INTENTS = {
    "book": (
        "Hi, I'd like to make an appointment with {doctor}",
        "I need to schedule a visit, I want to be seen by {doctor}",
        "Hello, I want to book an appointment to see a doctor",
        "Can I set up an appointment? I'd like to come in for a visit",
    ),
    "reschedule": (
        "I need to reschedule, something came up",
        "Hi, can I move my appointment to another day?",
        "I'd like to change my appointment please",
    ),
    "cancel": (
        "I need to cancel my appointment",
        "Please cancel the appointment I have, I want to cancel it for good",
        "I want to cancel. Please call off the visit, I'd like to cancel my slot",
    ),
    "question": (
        "I have a question, do you take my plan and what are your hours?",
        "Just a quick question about my test results, do i need to fast?",
        "I have a question about parking, and is it open on Saturday?",
    ),
    "other": (
        "I have a complaint about my bill",
        "Could you send my records, and I need a refill of my prescription",
        "It is about billing, I got an invoice twice",
    ),
    "unclear": (
        "Well, my sister said I should call about that thing",
        "I was told to ring you back, they said you would know",
        "Hello? It is about what we said last time",
    ),
}
REASONS = {
    "family_medicine": ("I have a cough", "my sore throat is back", "it is about my blood pressure"),
    "cardiology": ("I get palpitations now and then", "it is for cardiology", "they sent me to cardiology"),
    "dermatology": ("there is a rash on my arm", "it is about a mole", "my skin is itchy, I think eczema"),
    "orthopaedics": ("my knee hurts when I walk", "it is my shoulder", "I have back pain since the move"),
}
VAGUE = ("I just don't feel right", "it is hard to say what it is", "it is something I'd rather tell the doctor")
VISITS = {
    "consultation": ("",),
    "follow_up": ("This is a follow-up.", "It is the second visit."),
    "checkup": ("It is for my annual check-up.",),
    "vaccination": ("I only need a booster vaccination.", "I'm due for a flu shot."),
    "procedure": ("It is for the biopsy.", "I was told to have a stress test."),
}
PARTS = {
    "early": ("First thing would be best.", "I'd need to come before work."),
    "morning": ("Mornings are best for me.", "A morning would be good."),
    "afternoon": ("Afternoons please.", "I can only do the afternoon."),
    "evening": ("It must be after work.", "An evening would suit me."),
}
UNHEARD = {
    "morning": "I have to be back by lunch.",
    "afternoon": "I look after the kids till two.",
    "evening": "I'm on shift till half past four.",
}
"""The same wishes in words that no list holds."""
URGENCY = {
    "urgent": ("I need to be seen today if possible.", "It is really bad."),
    "soon": ("It is getting worse.", "I'd like to come this week."),
    "routine": ("", "No rush.", ""),
}
RED_FLAGS = (
    "I have chest pain since this morning",
    "I can't breathe properly when I lie down",
    "my husband's face is drooping and he has slurred speech",
    "the cut won't stop bleeding",
    "I fainted twice today",
    "my tongue is swelling after the new pills",
    "it is the worst headache of my life",
    "I lost vision in my left eye",
    "it feels like an elephant is sitting on me",
    "my left arm went all funny and I'm sweating cold",
)
DENIALS = ("No chest pain or anything.", "I don't have trouble breathing.", "I haven't fainted, no seizures.")
DOCTORS = ("a doctor", "the doctor", "someone")


def call(rng: random.Random, lines: list[str]) -> str:
    """A transcript: the desk opens, the patient says their lines, and the desk puts a question now and then."""
    spoken = [f"Agent: {rng.choice(OPENINGS)}"]
    for place, line in enumerate(line for line in lines if line):
        if place == 1:
            spoken.append("Agent: Of course. What is it about?")
        spoken.append(f"Caller: {line[:1].upper()}{line[1:]}")
    if rng.random() < 0.25:
        spoken += ["Agent: Any chest pain or trouble breathing?", "Caller: No, nothing like that."]
    return "\n".join([*spoken, "Agent: Thank you, one moment please."])
