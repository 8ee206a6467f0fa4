"""Submissions that touch what is registered: folders, relationships, references (ITI-41, ITI-42).

Judged and written inside the writer's transaction, under the account's lock: of two replacements of one
document the second finds it deprecated.
"""

from sqlalchemy import Connection

from erepo.blobs.codec import Compressor
from erepo.cloud.registry.drafting import Draft
from erepo.cloud.registry.jobs import Change, Outcome, SubmissionJob
from erepo.cloud.registry.registering import check_known, check_quota, new_documents, prepare
from erepo.cloud.registry.relating import Relations
from erepo.cloud.storage.numbers import Numbers
from erepo.xds.submitting import Registration
from erepo.xds.vocabulary import AssociationType


def is_plain(registration: Registration) -> bool:
    """Tell whether a submission holds nothing but documents and their membership of its submission set."""
    if registration.folders:
        return False
    own = registration.submission_set.entry_uuid
    entries = {entry.entry_uuid for entry in registration.documents}
    return all(
        each.type == AssociationType.HAS_MEMBER and each.source == own and each.target in entries
        for each in registration.associations
    )


def as_job(numbers: Numbers, registration: Registration, job: SubmissionJob) -> SubmissionJob | Change:
    """Return what the writer is given: a plain submission as it is, anything else as a change."""
    return job if is_plain(registration) else RelatedSubmission(numbers, registration, job).change()


class RelatedSubmission:
    """A submission that is more than plain, ready for the writer."""

    def __init__(self, numbers: Numbers, registration: Registration, job: SubmissionJob) -> None:
        self._numbers, self._registration, self._job = numbers, registration, job

    def change(self) -> Change:
        """Return it as the writer takes it."""
        return Change(evidence=self._job.evidence, apply=self._apply, prepare=self._prepare)

    def _prepare(self) -> None:
        prepare(self._job, self._numbers, Compressor())

    def _apply(self, connection: Connection) -> Outcome:
        job, own = self._job, self._registration.submission_set.entry_uuid
        draft = Draft(connection, self._numbers, job)
        relations = Relations(draft.holdings, own, job.patient_id, draft.here)
        relations.judge(self._registration.associations)
        errors = [*check_known(draft.state, job), *relations.errors]
        errors = errors or check_quota(draft.state, new_documents(draft.state, job))
        if errors:
            return draft.refuse(errors)
        draft.tie(relations.found)
        draft.follow(relations.consequences())
        return draft.write(own)
