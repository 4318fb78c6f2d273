// The story of the role, told to `slrspec serve` by AWS's SDK for JavaScript. Prints what was answered as JSON.
import { createRequire } from "node:module";

const [endpoint, modules] = process.argv.slice(2);
const require = createRequire(`${modules}/`);
const { IAMClient, ...iam } = require("@aws-sdk/client-iam");
const { RDSClient, ...rds } = require("@aws-sdk/client-rds");

const settings = { endpoint, region: "us-east-1", credentials: { accessKeyId: "testing", secretAccessKey: "testing" } };
const iamClient = new IAMClient(settings);
const rdsClient = new RDSClient(settings);
const RoleName = "AWSServiceRoleForRDS";
const DBInstanceIdentifier = "db";

const attempt = async (client, command) => {
  try {
    return await client.send(command);
  } catch (error) {
    return { error: error.name, status: error.$metadata?.httpStatusCode };
  }
};

const deletion = async () => {
  const { DeletionTaskId } = await attempt(iamClient, new iam.DeleteServiceLinkedRoleCommand({ RoleName }));
  return (await attempt(iamClient, new iam.GetServiceLinkedRoleDeletionStatusCommand({ DeletionTaskId }))).Status;
};

const told = {};
await attempt(rdsClient, new rds.CreateDBInstanceCommand({
  DBInstanceIdentifier, DBInstanceClass: "db.t4g.micro", Engine: "mysql", AllocatedStorage: 20,
  MasterUsername: "somebody", MasterUserPassword: "not-a-real-password",
}));
told.path = (await attempt(iamClient, new iam.GetRoleCommand({ RoleName }))).Role?.Path;
told.edit = await attempt(iamClient, new iam.PutRolePolicyCommand({ RoleName, PolicyName: "p", PolicyDocument: "{}" }));
told.used = await deletion();
told.undecided = await attempt(rdsClient, new rds.DeleteDBInstanceCommand({ DBInstanceIdentifier }));
await attempt(rdsClient, new rds.DeleteDBInstanceCommand({ DBInstanceIdentifier, SkipFinalSnapshot: true }));
told.unused = await deletion();
told.gone = await attempt(iamClient, new iam.GetRoleCommand({ RoleName }));
console.log(JSON.stringify(told));
