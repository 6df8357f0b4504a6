"""The closed vocabularies of the contract, each value with its meaning."""

from schema.model.enrolment import Actor, EnrolErrorCode, EnrolmentStatus, RuleState
from schema.model.held import AlarmKind, DecisionErrorCode, ListChangeKind
from schema.model.progress import RatingErrorCode, ReviewDecision, ReviewErrorCode
from schema.model.values import (
    Availability,
    CourseLevel,
    DeliveryMode,
    EnrolmentMode,
    FreshnessState,
    PartnerHealth,
    PartnerKind,
    PartnerState,
)
from schema.ports import CourseSort, FacetName
from schema.types.described import enumerated

enumerated(
    DeliveryMode,
    {
        DeliveryMode.SELF_PACED: "Taken alone, at any time.",
        DeliveryMode.LIVE_ONLINE: "A webinar, at a set time.",
        DeliveryMode.ONSITE: "Face to face, at a venue.",
        DeliveryMode.BLENDED: "Partly online, partly face to face.",
        DeliveryMode.UNKNOWN: "The partner does not say, or in words that we do not know.",
    },
)
enumerated(
    CourseLevel,
    {
        CourseLevel.BEGINNER: "Needs no previous knowledge.",
        CourseLevel.INTERMEDIATE: "Builds on the basics.",
        CourseLevel.ADVANCED: "For the experienced.",
        CourseLevel.ALL: "For everybody.",
        CourseLevel.UNKNOWN: "The partner does not say, or in words that we do not know.",
    },
)
enumerated(
    EnrolmentMode,
    {
        EnrolmentMode.DIRECT: "The mutation `enrol` books it.",
        EnrolmentMode.LINK: "The learner goes to the offering's `url`.",
        EnrolmentMode.PARTNER_SITE: "Bought at the partner, which reports it to us.",
    },
)
enumerated(
    Availability,
    {
        Availability.AVAILABLE: "There is a place.",
        Availability.LIMITED: "The last places: three or fewer, or a tenth of them.",
        Availability.WAITLIST: "Full, but it takes names.",
        Availability.FULL: "Every place is taken.",
        Availability.NOT_YET_OPEN: "Enrolment has not begun.",
        Availability.CLOSED: "Nobody can enrol: it has ended, the course was withdrawn, or its "
        "partner sells nothing now.",
        Availability.FINISHED: "It is over.",
        Availability.UNKNOWN: "The partner does not tell; ask by enrolling.",
    },
)
enumerated(
    PartnerKind,
    {
        PartnerKind.DIGITAL_PLATFORM: "A learning platform.",
        PartnerKind.MARKETPLACE: "A shop for everything that also sells courses.",
        PartnerKind.STATE_OWNED: "A state-owned enterprise.",
        PartnerKind.GOVERNMENT: "A ministry or agency.",
        PartnerKind.TRAINING_INSTITUTION: "An institution that sells its own courses.",
    },
)
enumerated(
    PartnerState,
    {
        PartnerState.APPLIED: "Has asked to join.",
        PartnerState.SANDBOX: "Tries its API out with us.",
        PartnerState.CERTIFIED: "Has passed the tests and waits to go live.",
        PartnerState.ACTIVE: "Its courses can be had.",
        PartnerState.PAUSED: "Stopped for a while: not read, and nobody enrols.",
        PartnerState.SUSPENDED: "Stopped by the programme: nobody enrols.",
        PartnerState.RETIRED: "Has left; its history stays.",
    },
)
enumerated(
    PartnerHealth,
    {
        PartnerHealth.HEALTHY: "Answers.",
        PartnerHealth.DEGRADED: "Answers some of the time.",
        PartnerHealth.DOWN: "Does not answer.",
        PartnerHealth.UNKNOWN: "Has not been asked yet.",
    },
)
enumerated(
    FreshnessState,
    {
        FreshnessState.LIVE: "Asked for this very answer.",
        FreshnessState.FRESH: "As new as the partner's interval promises.",
        FreshnessState.STALE: "Older than promised, because the partner could not be read.",
        FreshnessState.NEVER: "Never read yet.",
    },
)
enumerated(
    CourseSort,
    {
        CourseSort.RELEVANCE: "Best match first; by title when nothing is searched for.",
        CourseSort.PRICE_ASC: "Cheapest first; unknown prices last.",
        CourseSort.PRICE_DESC: "Most expensive first; unknown prices last.",
        CourseSort.STARTS_SOONEST: "The next session first; without a date last.",
        CourseSort.NEWEST: "Latest to join the catalogue first.",
        CourseSort.RATING: "Best rated first; unrated last.",
        CourseSort.TITLE: "By title.",
    },
)
enumerated(
    FacetName,
    {
        FacetName.PARTNER: "By who sells it; for `partners`.",
        FacetName.INSTITUTION: "By who gives it; for `institutions`.",
        FacetName.CATEGORY: "By subject; for `categories`.",
        FacetName.LEVEL: "By previous knowledge; for `levels`.",
        FacetName.DELIVERY_MODE: "By how it is given; for `deliveryModes`.",
        FacetName.REGION: "By where it is held; for `regions`.",
        FacetName.LANGUAGE: "By language; for `languages`.",
        FacetName.PRICE: 'By price in rupiah, as "min-max" or "min-"; for `priceMin`, `priceMax`.',
    },
)
enumerated(
    EnrolmentStatus,
    {
        EnrolmentStatus.REQUESTED: "Wished for, not yet judged.",
        EnrolmentStatus.RESERVED: "Recorded and paid for out of the balance; the partner is next.",
        EnrolmentStatus.SUBMITTING: "On its way to the partner.",
        EnrolmentStatus.PENDING_PARTNER: "The partner has it and decides.",
        EnrolmentStatus.WAITLISTED: "On the partner's waiting list.",
        EnrolmentStatus.IN_DOUBT: "The partner did not answer; it is being looked up.",
        EnrolmentStatus.CONFIRMED: "The partner keeps the place.",
        EnrolmentStatus.ACTIVE: "The learner has begun.",
        EnrolmentStatus.COMPLETED: "Finished and passed.",
        EnrolmentStatus.NOT_PASSED: "Finished, not passed.",
        EnrolmentStatus.EXPIRED: "A deadline passed unused.",
        EnrolmentStatus.REJECTED: "The partner refused; the money is back.",
        EnrolmentStatus.CANCEL_REQUESTED: "To be cancelled; the partner is next.",
        EnrolmentStatus.CANCELLED: "Given back.",
        EnrolmentStatus.COMPENSATING: "Being undone.",
        EnrolmentStatus.MANUAL_REVIEW: "A person has to look at it.",
    },
)
enumerated(
    Actor,
    {
        Actor.LEARNER: "The learner.",
        Actor.PARTNER: "The partner.",
        Actor.SYSTEM: "Mitra itself.",
        Actor.OPERATOR: "A person of the programme.",
    },
)
enumerated(
    EnrolErrorCode,
    {
        EnrolErrorCode.ALREADY_ENROLLED: "The learner has this course already, here or elsewhere.",
        EnrolErrorCode.BALANCE_TOO_LOW: "The price is more than the training account holds.",
        EnrolErrorCode.COURSE_FULL: "No place is left.",
        EnrolErrorCode.COURSE_BLOCKED: "The programme has stopped this course.",
        EnrolErrorCode.ENROLMENT_CLOSED: "Enrolment has ended.",
        EnrolErrorCode.NOT_ELIGIBLE: "The programme's rules leave this learner out.",
        EnrolErrorCode.NOT_FOUND: "There is no such offering, session or enrolment.",
        EnrolErrorCode.PREVIOUS_COURSE_UNFINISHED: "Finish and rate the previous course first.",
        EnrolErrorCode.DEADLINE_PASSED: "The learner's time to buy a course has run out.",
        EnrolErrorCode.IDEMPOTENCY_CONFLICT: "The key stands for a different request.",
        EnrolErrorCode.IN_PROGRESS: "The same request is still being worked on; ask again.",
        EnrolErrorCode.PARTNER_UNAVAILABLE: "The partner cannot be reached; try later.",
        EnrolErrorCode.TOO_MANY_REQUESTS: "Too many attempts; try later.",
        EnrolErrorCode.PRICE_CHANGED: "The price is no longer `expectedPrice`; show the new one.",
        EnrolErrorCode.SESSION_REQUIRED: "Choose one of the offering's sessions.",
        EnrolErrorCode.NOT_ENROLABLE: "Not booked through us; see `enrolmentMode`.",
        EnrolErrorCode.CANCELLED_BEFORE: "A cancelled course can never be taken again.",
        EnrolErrorCode.NOT_CANCELLABLE: "It can no longer be cancelled.",
    },
)
enumerated(
    RuleState,
    {
        RuleState.KEPT: "The rule allows it.",
        RuleState.REFUSED: "The rule forbids it.",
        RuleState.NOT_JUDGED: "What the rule asks about is not known.",
    },
)
enumerated(
    AlarmKind,
    {
        AlarmKind.WITHDRAWAL: (
            "It would withdraw more than a fifth of the partner's offerings, or all sessions of "
            "a partner that lists them apart."
        ),
        AlarmKind.PRICES: "It would multiply or divide many prices by ten or more.",
        AlarmKind.FIELD_LOST: "A field that was always there is gone, perhaps renamed.",
        AlarmKind.GROWTH: "It is more than ten times as long as the list that stands.",
        AlarmKind.UNREADABLE: "None of its rows can be read.",
    },
)
enumerated(
    ListChangeKind,
    {
        ListChangeKind.ADDED: "The offering would come into the catalogue.",
        ListChangeKind.WITHDRAWN: "The offering would leave the catalogue.",
        ListChangeKind.REPRICED: "The offering would have another price.",
    },
)
enumerated(
    DecisionErrorCode,
    {
        DecisionErrorCode.NOT_HELD: "That run is not held, or no longer.",
        DecisionErrorCode.SYNC_RUNNING: "The partner's list is being read just now.",
    },
)
enumerated(
    RatingErrorCode,
    {
        RatingErrorCode.NOT_FOUND: "The viewer has no such enrolment.",
        RatingErrorCode.NOT_FINISHED: "The course has not ended yet.",
        RatingErrorCode.ALREADY_RATED: "It has been rated otherwise before.",
        RatingErrorCode.INVALID_VALUE: "There is no such rating.",
    },
)
enumerated(
    ReviewDecision,
    {
        ReviewDecision.CONFIRM: "The partner has it: it is paid, and the learner may begin.",
        ReviewDecision.REJECT: "The partner does not have it, or shall not: the money returns.",
        ReviewDecision.ACKNOWLEDGE: "What the partner says against our record has been seen to; "
        "the enrolment stays as it is.",
    },
)
enumerated(
    ReviewErrorCode,
    {
        ReviewErrorCode.NOT_FOUND: "There is no such enrolment.",
        ReviewErrorCode.NOT_IN_REVIEW: "It does not wait for a person, or no longer.",
        ReviewErrorCode.INVALID_VALUE: "What was given cannot be kept.",
    },
)
