# Written by `wheelyard bases propose`; the next proposal replaces it.
#   docker buildx bake --load             all images
#   docker buildx bake --push bases       the bases only
#   INDEX_URL=https://... NETRC=~/.netrc docker buildx bake ...

# Empty: the index that each Dockerfile names.
variable "INDEX_URL" {
  default = ""
}

variable "NETRC" {
  default = ""
}

group "default" {
  targets = ["bases", "models"]
}

group "bases" {
  targets = ["base-a", "base-b"]
}

group "models" {
  targets = ["model-churn", "model-demand-forecast_canary", "model-meter-anomaly"]
}

target "_common" {
  context = "."
  args = {
    INDEX_URL = INDEX_URL == "" ? null : INDEX_URL
    SOURCE_DATE_EPOCH = "315532800"
  }
  secret = NETRC == "" ? [] : ["id=netrc,src=${NETRC}"]
}

target "base-a" {
  inherits = ["_common"]
  dockerfile = "Dockerfile.base-a"
  tags = ["base-a:789cef0dafba"]
  platforms = ["linux/amd64"]
}

target "base-b" {
  inherits = ["_common"]
  dockerfile = "Dockerfile.base-b"
  tags = ["base-b:dffa19ca8203"]
  platforms = ["linux/amd64"]
}

target "model-churn" {
  inherits = ["_common"]
  dockerfile = "Dockerfile.model.churn"
  contexts = {
    base = "target:base-a"
  }
  args = {
    BASE_IMAGE = "base"
  }
  tags = ["churn:1.9.0-789cef0dafba"]
  platforms = ["linux/amd64"]
}

target "model-demand-forecast_canary" {
  inherits = ["_common"]
  dockerfile = "Dockerfile.model.demand-forecast@canary"
  contexts = {
    base = "target:base-a"
  }
  args = {
    BASE_IMAGE = "base"
  }
  tags = ["demand-forecast:1.5.0_gpu-789cef0dafba"]
  platforms = ["linux/amd64"]
}

target "model-meter-anomaly" {
  inherits = ["_common"]
  dockerfile = "Dockerfile.model.meter-anomaly"
  contexts = {
    base = "target:base-b"
  }
  args = {
    BASE_IMAGE = "base"
  }
  tags = ["meter-anomaly:3.0.1-dffa19ca8203"]
  platforms = ["linux/amd64"]
}
