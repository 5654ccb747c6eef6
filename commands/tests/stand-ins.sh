# Stand-ins for the tools of set-up.md. Each refuses what the real one would refuse at that moment: what it needs is not
# there yet. $STATE holds what was made, $CALLS what was typed; $TENANT is the project of the committed tfvars.
TOPIC_ARN=arn:aws:sns:ca-central-1:210987654321:$TENANT-alarms
fail() { echo "$1" >&2; echo "$1" >>"$STATE/faults"; return 1; }
has() { test -e "$STATE/$1" || fail "$2"; }
name() { printf %s "$1" | tr -c 'a-zA-Z0-9.\n' _; }

gh() {
  echo "gh $*" >>"$CALLS"
  case "$*" in
  'repo view --json nameWithOwner --jq .nameWithOwner') echo acme/shop ;;
  'api repos/acme/shop --jq .owner.id') echo 1001 ;;
  'api repos/acme/shop --jq .id') echo 2002 ;;
  'api user --jq .id') echo 7 ;;
  *'--input -') jq -c . >>"$STATE/$(name "$5")" || fail "gh: not JSON for $5" ;;
  'secret set '*)
    has "repos_acme_shop_environments_$5" "gh: there is no environment $5" && cat >>"$STATE/plan-keys" ;;
 'variable set '*) has bootstrap "gh: there are no roles yet" ;;
  'run list '* | 'workflow run '*) has pushed "gh: nothing was pushed yet" ;;
  *) fail "gh: unknown: $*" ;;
  esac
}

aws() {
  echo "aws $*" >>"$CALLS"
  case "$*" in
  'sts get-caller-identity '*) echo 210987654321 ;;
  'iam get-open-id-connect-provider '*) test -e "$STATE/provider" ;;
  'iam create-open-id-connect-provider '*) touch "$STATE/provider" ;;
  "sns create-topic --name $TENANT-alarms "*) touch "$STATE/topic" && echo "$TOPIC_ARN" ;;
  "sns subscribe --topic-arn $TOPIC_ARN --protocol email "*@*) has topic 'aws: there is no such topic' ;;
  *) fail "aws: unknown: $*" ;;
  esac
}

terraform() {
  echo "terraform $*" >>"$CALLS"
  local folder=${1#-chdir=}
  test -d "$folder" || fail "terraform: no folder $folder"
  local stack=${folder##*/}
  shift
  case "$1" in
  init)
    case "$stack $*" in
    'bootstrap init') test ! -e "$folder/backend.tf" && touch "$STATE/init-$stack" || fail 'terraform: which bucket?' ;;
    'bootstrap init -migrate-state -force-copy -backend-config=bucket=acme-states -backend-config=region=ca-central-1')
      has bootstrap 'terraform: there is no state to move' && grep -q 'use_lockfile = true' "$folder/backend.tf" && mv "$folder/terraform.tfstate" "$STATE/state-in-bucket" || fail 'terraform: the state stays where it is' ;;
    bootstrap*) fail "terraform: unknown: $*" ;;
    *'-backend-config=bucket=acme-states -backend-config=region=ca-central-1') touch "$STATE/init-$stack" ;;
    *) fail "terraform: no bucket for the state of $stack: $*" ;;
    esac ;;
  plan)
    test ! -e "$folder/backend.tf" || has state-in-bucket 'terraform: the backend is not initialised'
    has "init-$stack" "terraform: init first" && has provider 'terraform: the account has no OIDC provider' && touch "$folder/planned" ;;
  apply)
    if test "$2" = planned; then
      test -e "$folder/planned" || fail 'terraform: there is no plan'
    else
      has "init-$stack" "terraform: init first"
      local answer
      echo 'Enter a value: ' && read -r answer && test "$answer" = yes || fail "terraform: the answer was $answer"
    fi
    test "$stack" != bootstrap || has repos_acme_shop_environments_aws 'terraform: anyone who may push could make the environment aws, and get its role'
    test "$stack" != aws || grep -q "^alarm_actions = .\"$TOPIC_ARN\"" "$folder/terraform.tfvars" || fail 'terraform: alarms go nowhere'
    echo "$TF_VAR_discord_token/$TF_VAR_litellm_api_key" >"$STATE/$stack"
    test "$stack" != bootstrap || touch "$folder/terraform.tfstate"
    test -z "$TF_VAR_environment_secrets" || echo "$TF_VAR_environment_secrets" >"$STATE/$stack-environments"
    ;;
  output)
    has "$stack" "terraform: $stack is not applied"
    test ! -e "$folder/backend.tf" || has state-in-bucket 'terraform: the backend is not initialised'
    case "$*" in
    'output -raw state_bucket') echo acme-states ;;
    'output -json bot_environment') echo '{"AWS_REGION": "ca-central-1", "AGENTIC_EVENTS_QUEUE_URL": "https://sqs.ca-central-1.amazonaws.com/210987654321/agentic-events"}' ;;
    'output -json repository_variables') echo '{"AWS_BUILD_ROLE_ARN": "arn:aws:iam::210987654321:role/build"}' ;;
    esac
    ;;
  *) fail "terraform: unknown: $*" ;;
  esac
}

# The namespace whose overlay reads the parameters of a project.
reader() {
  local store
  store=$(grep -l "^ *prefix: /$1/$" overlays/*/secret-store.yaml) || fail "keys: no overlay reads the parameters of $1"
  sed -n 's/^namespace: //p' "${store%/*}/kustomization.yaml"
}

npm() {
  echo "npm $*" >>"$CALLS"
  case "$*" in
  'run -s check:trust -- --repository acme/shop --owner-id 1001 --repository-id 2002 --purpose apply '*)
    test -e "${*: -1}" || fail "check:trust: there is no ${*: -1}" ;;
  'run -s keys -- rotate bot') has aws 'keys: there is no user' ;;
  'run -s keys -- rotate cluster')
    has aws 'keys: there is no user'
    echo "{\"kind\": \"Secret\", \"metadata\": {\"name\": \"aws-cluster\", \"namespace\": \"$(reader "$TENANT")\"}}" ;;
  "run -s keys -- --project $TENANT-staging rotate bot") has aws 'keys: there is no user' ;;
  "run -s keys -- --project $TENANT-staging rotate cluster")
    has aws 'keys: there is no user'
    echo "{\"kind\": \"Secret\", \"metadata\": {\"name\": \"aws-cluster\", \"namespace\": \"$(reader "$TENANT-staging")\"}}" ;;
  'run -s slipway -- status') has pushed 'slipway: nothing was pushed yet' ;;
  *) fail "npm: unknown: $*" ;;
  esac
}

kubectl() {
  echo "kubectl $*" >>"$CALLS"
  local namespace='' input='' word previous=''
  for word; do test "$previous" = -n && namespace=$word; previous=$word; done
  test -z "$namespace" || has "namespace-$namespace" "kubectl: there is no namespace $namespace"
  case "$*" in
  'kustomize '*) "$KUSTOMIZE" build "$2" ;;
  'create namespace '*) touch "$STATE/namespace-$3" ;;
  'apply --server-side -n argocd -f https://'*) touch "$STATE/argocd" ;;
  'patch '* | 'rollout '* | 'get '*) has argocd 'kubectl: Argo CD is not installed' ;;
  'create secret '*)
    input=$(cat)
    jq -n --arg n "$4" --arg s "$namespace" --arg d "$input" '{kind: "Secret", metadata: {name: $n, namespace: $s}, data: $d}' >"$STATE/made.json"
    case "$*" in *--dry-run=client*) cat "$STATE/made.json" ;; *) mv "$STATE/made.json" "$STATE/secret-$namespace-$4" ;; esac ;;
  'label secret '*) has "secret-$namespace-$3" "kubectl: there is no secret $3" ;;
  'apply -f -')
    input=$(cat)
    namespace=$(jq -r .metadata.namespace <<<"$input")
    has "namespace-$namespace" "kubectl: there is no namespace $namespace"
    printf %s "$input" >"$STATE/secret-$namespace-$(jq -r .metadata.name <<<"$input")" ;;
  'apply -f '*)
    for word; do
      case "$word" in *.yaml) touch "$STATE/namespace-$(sed -n 's/^  name: //p' "$word")" ;; esac
    done ;;
  'apply --server-side --field-manager=slipway -k argocd/platform')
    has argocd 'kubectl: the kind Application is not known'
    has namespace-discord-bot 'kubectl: Reloader gets a role in a namespace that is not there'
    "$KUSTOMIZE" build argocd/platform >"$STATE/platform" ;;
  'apply -k argocd')
    has platform 'kubectl: the tenant comes before External Secrets: its kinds are not known'
    has argocd 'kubectl: the kind Application is not known'
    "$KUSTOMIZE" build argocd >"$STATE/applications" ;;
  *) fail "kubectl: unknown: $*" ;;
  esac
}

editor() {
  echo "editor $*" >>"$CALLS"
  local line
  read -r line && sed -i "s/^${line%% *} .*/$line/" "$1"
}

git() {
  case "$1" in
  push) echo "git $*" >>"$CALLS"; has applications 'git: pushed before anything follows' && touch "$STATE/pushed" ;;
  pull) has pushed 'git: nothing was pushed yet' ;;
  *) command git "$@" ;;
  esac
}
EDITOR=editor
