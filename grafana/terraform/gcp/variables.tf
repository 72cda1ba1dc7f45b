variable "subnetwork" {
  description = "Subnetwork of the machine, as projects/PROJECT/regions/REGION/subnetworks/NAME."
  type        = string
}

variable "zone" {
  description = "Zone of the machine, in the region of the subnetwork."
  type        = string
}

variable "instance_type" {
  description = "Type of the machine."
  type        = string
  default     = "e2-medium"
}

variable "disk_gib" {
  description = "Disk, of which Prometheus takes at most 20 GB."
  type        = number
  default     = 40
}
