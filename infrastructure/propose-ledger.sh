#!/usr/bin/env bash
# A pull request with the ledger of confirmations, if it has changed. For the workflow `nightly.yml`:
#   propose-ledger.sh FILE
set -euo pipefail
ledger=src/slrspec/sandbox/data/confirmed.toml
cp "$1" "$ledger"
if git diff --quiet -- "$ledger"; then echo "the ledger is as it was"; exit 0; fi
branch=confirmations
git switch --quiet --force-create "$branch"
git -c user.name='slrspec' -c user.email='slrspec@users.noreply.github.com' commit --quiet --message 'What AWS has confirmed' -- "$ledger"
git push --quiet --force "https://x-access-token:$GH_TOKEN@github.com/$GITHUB_REPOSITORY" "$branch"
if [ -z "$(gh pr list --head "$branch" --state open --json number --jq '.[0].number // empty')" ]; then
  gh pr create --head "$branch" --base main --title 'What AWS has confirmed' --body 'Entered by `slrspec confirm` from the last night on AWS.'
fi
